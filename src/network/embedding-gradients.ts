/**
 * @file Gradients of an embedding that is trained: of the rows that a sequence reads, and of the norm behind them. Few rows, as in
 * embed.ts, so that no graph is needed; sums over features are in float64.
 */
import type { Model, Norm } from '../model/spec.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { type EmbeddingWeights, embeddedRows, positionRows } from './embed.ts';

/** The sum of gradients of a parameter by its full name; undefined where it is not trained. */
type SumOf = (name: string) => Float32Array | undefined;

/** Adds what the gradient of `embed`, [N, D], says of its parameters. */
export async function addEmbeddingGradients(
  model: Model,
  weights: EmbeddingWeights,
  sequence: PackedSequence,
  gradient: HostTensor,
  sumOf: SumOf,
): Promise<void> {
  const { embedding, hiddenSize: D } = model;
  const { tokens, scale = 1, positions, tokenTypes, norm } = embedding;
  const rows = Float64Array.from(gradient.data as Float32Array);
  if (norm !== undefined && norm.kind !== 'none') {
    const read = (await embeddedRows(model, weights, sequence)).data;
    const { data: weight } = await weights.get(`${norm.name}.weight`);
    const own = { weight: sumOf(`${norm.name}.weight`), bias: sumOf(`${norm.name}.bias`) };
    for (let at = 0; at < rows.length; at += D) {
      normGradient(norm, weight, read.subarray(at, at + D), rows.subarray(at, at + D), own);
    }
  }
  const add = (name: string, rowOf: (token: number) => number, factor: number) => {
    const sum = sumOf(name);
    if (sum === undefined) return;
    for (let i = 0; i < rows.length; i++) sum[rowOf(Math.floor(i / D)) * D + (i % D)]! += factor * rows[i]!;
  };
  add(tokens, (token) => Number(sequence.ids[token]), scale);
  if (positions !== undefined) {
    const at = positionRows(positions, sequence.layout);
    add(positions.name, (token) => at[token]!, 1);
  }
  if (tokenTypes !== undefined) add(tokenTypes.name, () => 0, 1);
}

/**
 * One row of vjp-layer-norm.ts and vjp-rms-norm.ts: `g` [D], the gradient of what is normed, becomes that of `x`.
 */
function normGradient(
  norm: Exclude<Norm, { readonly kind: 'none' }>,
  weight: Float32Array,
  x: Float32Array,
  g: Float64Array,
  own: { readonly weight: Float32Array | undefined; readonly bias: Float32Array | undefined },
): void {
  const D = x.length;
  const isLayer = norm.kind === 'layer';
  const plus = norm.kind === 'rms' && norm.onePlus === true ? 1 : 0;
  const mean = isLayer ? x.reduce((sum, value) => sum + value, 0) / D : 0;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / D;
  const r = 1 / Math.sqrt(variance + norm.epsilon);
  let [level, slope] = [0, 0];
  for (let d = 0; d < D; d++) {
    const h = (x[d]! - mean) * r;
    const gw = g[d]! * (weight[d]! + plus);
    if (own.weight !== undefined) own.weight[d]! += g[d]! * h;
    if (own.bias !== undefined) own.bias[d]! += g[d]!;
    level += gw / D;
    slope += (gw * h) / D;
  }
  for (let d = 0; d < D; d++) {
    const h = (x[d]! - mean) * r;
    const gw = g[d]! * (weight[d]! + plus);
    g[d] = r * (gw - (isLayer ? level : 0) - h * slope);
  }
}
