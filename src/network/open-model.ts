/** @file A base model ready to be used: checkpoint, geometry, tokenizer, weights as they are needed. */
import { type Checkpoint, openCheckpoint } from '../checkpoint/checkpoint.ts';
import { checkWeights } from '../model/check-weights.ts';
import { readGeometry } from '../model/families/registry.ts';
import type { DecoderGeometry } from '../model/geometry.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { BaseWeights } from './base-weights.ts';

export interface OpenModel {
  readonly path: string;
  readonly checkpoint: Checkpoint;
  readonly geometry: DecoderGeometry;
  readonly tokenizer: Tokenizer;
  readonly weights: BaseWeights;
}

/**
 * Reads headers, configuration and tokenizer; weights are read when they are first used.
 * Throws what openCheckpoint, readGeometry, checkWeights and loadTokenizer throw.
 */
export async function openModel(path: string): Promise<OpenModel> {
  const checkpoint = await openCheckpoint(path);
  try {
    const geometry = readGeometry(checkpoint.config, path, checkpoint.tensors.size);
    checkWeights(checkpoint, geometry);
    const tokenizer = loadTokenizer(checkpoint.tokenizer, path);
    return { path, checkpoint, geometry, tokenizer, weights: new BaseWeights(checkpoint) };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}
