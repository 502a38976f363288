/** @file A norm outside of a graph: of the few rows that need none. */
import type { Norm } from '../model/spec.ts';
import type { BaseWeights } from '../weights/base-weights.ts';

/** Norms each row of D values in place; sums are in float64. */
export async function normRows(
  data: Float32Array,
  D: number,
  norm: Norm,
  weights: Pick<BaseWeights, 'get'>,
): Promise<void> {
  if (norm.kind === 'none') return;
  const weight = (await weights.get(`${norm.name}.weight`)).data;
  const bias = norm.kind === 'layer' && norm.bias ? (await weights.get(`${norm.name}.bias`)).data : undefined;
  const plus = norm.kind === 'rms' && norm.onePlus === true ? 1 : 0;
  for (let start = 0; start < data.length; start += D) {
    const row = data.subarray(start, start + D);
    const mean = norm.kind === 'layer' ? row.reduce((sum, x) => sum + x, 0) / D : 0;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / D;
    const factor = 1 / Math.sqrt(variance + norm.epsilon);
    for (let d = 0; d < D; d++) row[d] = (row[d]! - mean) * factor * (weight[d]! + plus) + (bias?.[d] ?? 0);
  }
}
