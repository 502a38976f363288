/** @file Logits of many functions: packed by length for speed, given back in the order asked for. */

import type { Head } from '../heads/head.ts';
import { packSequence } from '../packing/pack-sequence.ts';
import { planInference } from '../packing/plan.ts';
import { groupByPrefix, hasGroups, separateFunctions } from '../packing/units.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { FrozenFeatures } from './frozen-features.ts';
import type { Network } from './network.ts';

export interface ScoreOptions {
  /** Most tokens that go through the network at one time. */
  readonly tokensPerBatch: number;
  /**
   * Given: whether a pass is made; the logits of the functions of any other stay 0. Passes are planned as without it, and all are asked
   * about before the first is made.
   */
  readonly takesPass?: ((functions: readonly number[]) => boolean) | undefined;
  readonly features?: FrozenFeatures | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: { readonly functions: number; readonly tokens: number }) => void) | undefined;
}

/**
 * Logits of a head that reads functions, [functions, C]. Throws the signal's reason when it is aborted.
 * @param functions token ids, at least one each
 */
export async function scoreFunctions(
  network: Network,
  head: Head,
  functions: readonly (readonly number[])[],
  options: ScoreOptions,
): Promise<HostTensor<'float32'>> {
  let out: Float32Array | undefined;
  let C = 0;
  // Where a token sees those behind it, a common beginning is not the same in two functions.
  const plannable = network.isCausal
    ? groupByPrefix(functions)
    : separateFunctions(functions.map(({ length }) => length));
  const sharePrefixes = hasGroups(plannable);
  const progress = { functions: 0, tokens: 0 };
  const passes = planInference(plannable, {
    packing: 'isolated',
    tokensPerBatch: options.tokensPerBatch,
    maxFunctionsPerSequence: undefined,
    padTo: undefined,
  }).filter((pass) => options.takesPass?.(pass.functions) !== false);
  for (const { functions: rows } of passes) {
    options.signal?.throwIfAborted();
    const ids = rows.map((row) => functions[row]!);
    const sequence = packSequence(ids, { packing: 'isolated', sharePrefixes });
    const frozen = await options.features?.hidden(sequence, ids);
    const logits = await network.logits(sequence, head, frozen); // [B, C]
    C = logits.shape[1]!;
    out ??= new Float32Array(C * functions.length);
    for (const [i, row] of rows.entries()) out.set(logits.data.subarray(C * i, C * (i + 1)), C * row);
    progress.functions += rows.length;
    progress.tokens += sequence.layout.realTokenCount;
    options.onProgress?.(progress);
  }
  return hostTensor('float32', [functions.length, C], out ?? new Float32Array(0));
}
