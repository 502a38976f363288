/** @file Logits of many functions: packed by length for speed, given back in the order asked for. */

import { packSequence } from '../packing/pack-sequence.ts';
import { planInference } from '../packing/plan.ts';
import { groupByPrefix, hasGroups } from '../packing/units.ts';
import type { ClassifierNetwork } from './classifier-network.ts';
import type { FrozenFeatures } from './frozen-features.ts';

export interface ScoreOptions {
  /** Most tokens that go through the network at one time. */
  readonly tokensPerBatch: number;
  readonly features?: FrozenFeatures | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?(done: { readonly functions: number; readonly tokens: number }): void;
}

/**
 * Logits [functions, 2]. Throws the signal's reason when it is aborted.
 * @param functions token ids, at least one each
 */
export async function scoreFunctions(
  network: ClassifierNetwork,
  functions: readonly (readonly number[])[],
  options: ScoreOptions,
): Promise<Float32Array> {
  const out = new Float32Array(2 * functions.length);
  const plannable = groupByPrefix(functions);
  const sharePrefixes = hasGroups(plannable);
  const progress = { functions: 0, tokens: 0 };
  for (const { functions: rows } of planInference(plannable, {
    packing: 'isolated',
    tokensPerBatch: options.tokensPerBatch,
    maxFunctionsPerSequence: undefined,
    padTo: undefined,
  })) {
    options.signal?.throwIfAborted();
    const ids = rows.map((row) => functions[row]!);
    const sequence = packSequence(ids, { packing: 'isolated', sharePrefixes });
    const frozen = await options.features?.hidden(sequence, ids);
    const logits = await network.logits(sequence, frozen);
    for (const [i, row] of rows.entries()) out.set(logits.subarray(2 * i, 2 * i + 2), 2 * row);
    progress.functions += rows.length;
    progress.tokens += sequence.layout.realTokenCount;
    options.onProgress?.(progress);
  }
  return out;
}

/** Probability of vulnerable of each function: softmax of its two logits. */
export function vulnerableScores(logits: Float32Array): Float64Array {
  return Float64Array.from({ length: logits.length / 2 }, (_, i) => {
    return 1 / (1 + Math.exp(logits[2 * i]! - logits[2 * i + 1]!));
  });
}
