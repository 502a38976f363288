/** @file A base model ready to be used: checkpoint, specification, tokenizer, weights as they are needed. */
import { VultuneError } from '../base/errors.ts';
import type { Checkpoint, TokenizerDefinition } from '../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts';
import { keepLayers } from '../model/keep-layers.ts';
import { layerMatrices } from '../model/matrices.ts';
import { modelCheckpoint } from '../model/model-checkpoint.ts';
import type { Model } from '../model/spec.ts';
import { loadTokenizer } from '../text/open-tokenizer.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { BaseWeights } from '../weights/base-weights.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface OpenModel {
  readonly path: string;
  /** Under the names of the specification. */
  readonly checkpoint: Checkpoint;
  /** What the checkpoint's configuration describes. */
  readonly spec: Model;
  readonly tokenizer: Tokenizer;
  readonly weights: BaseWeights;
}

export interface OpenModelOptions {
  /** An adapter's tokenizer, used instead of the base model's. */
  readonly ownTokenizer?: TokenizerDefinition | undefined;
  /** How many of the lowest layers the model has; default: all. */
  readonly keepLayers?: number | undefined;
  /** How matrices of blocks are held; default: float32. */
  readonly format?: WeightFormat | undefined;
}

/**
 * Reads headers, configuration and tokenizer; weights are read when they are first used.
 * Throws what openCheckpoint, modelCheckpoint, keepLayers and loadTokenizer throw, and TOKENIZER_MISMATCH for an own
 * tokenizer with tokens that the model has no embedding for.
 */
export async function openModel(
  path: string,
  { ownTokenizer, keepLayers: kept, format }: OpenModelOptions = {},
): Promise<OpenModel> {
  const stored = await openCheckpoint(path);
  try {
    const { model, checkpoint } = modelCheckpoint(stored);
    const spec = keepLayers(model, kept);
    const tokenizer = loadTokenizer(ownTokenizer ?? checkpoint.tokenizer, path, checkpoint.config.model_type);
    if (ownTokenizer !== undefined) requireRows(tokenizer, spec, ownTokenizer.file);
    return { path, checkpoint, spec, tokenizer, weights: new BaseWeights(checkpoint, format) };
  } catch (error) {
    await stored.close();
    throw error;
  }
}

/** Bytes of the matrices of all blocks, as they are held. */
export function blockWeightBytes({
  spec,
  checkpoint,
  weights: { format },
}: Pick<OpenModel, 'spec' | 'checkpoint'> & { readonly weights: Pick<BaseWeights, 'format'> }): number {
  return layerMatrices(spec).reduce((sum, { matrix, name }) => {
    const stored =
      format.holdsStored === true ? checkpoint.tensors.get(`${name}.weight`)?.sizeBytes : undefined;
    return sum + (stored ?? format.sizeBytes([matrix.outputSize, matrix.inputSize]));
  }, 0);
}

const NAMED = 5;

/** What was added to a tokenizer was trained with rows of its own, which an adapter of matrices does not hold. */
function requireRows(tokenizer: Tokenizer, { vocabularySize }: Model, file: string): void {
  const beyond = tokenizer.vocabSize - vocabularySize;
  if (beyond <= 0) return;
  const ids = Array.from({ length: Math.min(beyond, NAMED) }, (_, i) => vocabularySize + i);
  const names = ids.map((id) => `${JSON.stringify(tokenizer.decode([id]))} (${id})`).join(', ');
  const more = beyond > NAMED ? ` and ${beyond - NAMED} more` : '';
  throw new VultuneError(
    'TOKENIZER_MISMATCH',
    `the adapter's own tokenizer has tokens that the base model has no embedding for: ${names}${more}; it has ${vocabularySize}`,
    {
      where: { file },
      hint: 'The adapter was trained on a model whose vocabulary had been enlarged: use that one.',
    },
  );
}
