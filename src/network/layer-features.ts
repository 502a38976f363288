/**
 * @file One vector per function and layer: the hidden states behind each layer, normed as a head would read them if the
 * model ended there, at the first token, the last, and the mean over all.
 */
import { packSequence } from '../packing/pack-sequence.ts';
import { planInference } from '../packing/plan.ts';
import { separateFunctions } from '../packing/units.ts';
import type { Network } from './network.ts';
import { normRows } from './norm-rows.ts';
import type { OpenModel } from './open-model.ts';
import type { ScoreOptions } from './score-functions.ts';

export const POOLED = ['first', 'last', 'mean'] as const;
export type Pooled = (typeof POOLED)[number];

/** [functions, D] of each pooling. */
export type LayerFeatures = Readonly<Record<Pooled, Float32Array>>;

/**
 * By layer, from the lowest. `network`: without adapters, a block a stage. Memory: layers x 3 x functions x D floats.
 * Throws the signal's reason when it is aborted.
 */
export async function layerFeatures(
  network: Network,
  { spec, weights }: Pick<OpenModel, 'spec' | 'weights'>,
  functions: readonly (readonly number[])[],
  { tokensPerBatch, signal, onProgress }: Omit<ScoreOptions, 'features'>,
): Promise<LayerFeatures[]> {
  const D = spec.hiddenSize;
  const layers = spec.layers.map((): LayerFeatures => {
    const empty = () => new Float32Array(functions.length * D);
    return { first: empty(), last: empty(), mean: empty() };
  });
  const done = { functions: 0, tokens: 0 };
  const plan = planInference(separateFunctions(functions.map(({ length }) => length)), { tokensPerBatch });
  for (const { functions: rows } of plan) {
    signal?.throwIfAborted();
    const sequence = packSequence(rows.map((row) => functions[row]!));
    const { flatTokens } = sequence.layout;
    let layer = 0;
    for await (const { data } of network.layerStates(sequence)) {
      const hidden = data.slice();
      await normRows(hidden, D, spec.finalNorm, weights);
      for (const [row, index] of rows.entries()) pool(hidden, D, flatTokens[row]!, layers[layer]!, index);
      layer++;
    }
    done.functions += rows.length;
    done.tokens += sequence.layout.realTokenCount;
    onProgress?.(done);
  }
  return layers;
}

function pool(
  hidden: Float32Array,
  D: number,
  tokens: Int32Array,
  { first, last, mean }: LayerFeatures,
  index: number,
): void {
  const at = (token: number) => hidden.subarray(token * D, (token + 1) * D);
  first.set(at(tokens[0]!), index * D);
  last.set(at(tokens.at(-1)!), index * D);
  const sums = new Float64Array(D);
  for (const token of tokens) {
    const state = at(token);
    for (let d = 0; d < D; d++) sums[d]! += state[d]!;
  }
  for (let d = 0; d < D; d++) mean[index * D + d] = sums[d]! / tokens.length;
}
