/**
 * @file What tokens are before the first block, [N, D]: the row of each token and what the model adds to it. A sequence needs
 * few rows, so the matrix itself is never in memory, and what follows is too little work for a graph.
 */
import { VultuneError } from '../base/errors.ts';
import type { Model } from '../model/spec.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { BaseWeights } from '../weights/base-weights.ts';
import { normRows } from './norm-rows.ts';

/** Throws SEQUENCE_TOO_LONG for a function that needs positions which the model does not have. */
export async function embed(
  { embedding, hiddenSize: D, positionLimit }: Model,
  weights: BaseWeights,
  { ids, layout }: PackedSequence,
): Promise<HostTensor<'float32'>> {
  requirePositions(layout.lengths, positionLimit);
  const { tokens, scale, positions, tokenTypes, norm } = embedding;
  const rows = await weights.rows(tokens, ids);
  if (scale === undefined && positions === undefined && tokenTypes === undefined && norm === undefined)
    return rows;
  const data = scale === undefined ? rows.data.slice() : rows.data.map((value) => value * scale);
  if (positions !== undefined) {
    // Padding may stand beyond the last position; nothing sees it.
    const last = positions.rows - 1;
    const at = Array.from(layout.positions, (position) => positions.first + Math.min(Number(position), last));
    addRows(data, (await weights.rows(positions.name, at)).data);
  }
  if (tokenTypes !== undefined) {
    addRows(data, (await weights.rows(tokenTypes.name, [0])).data);
  }
  if (norm !== undefined) await normRows(data, D, norm, weights);
  return hostTensor('float32', rows.shape, data);
}

function requirePositions(lengths: readonly number[], limit: number | undefined): void {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  if (limit === undefined || longest <= limit) return;
  throw new VultuneError(
    'SEQUENCE_TOO_LONG',
    `a function of ${longest} tokens is longer than the model's ${limit} positions`,
    { where: { name: 'max_length' }, hint: `Set max_length to at most ${limit}.` },
  );
}

/** Adds rows to as many, or one row to all. */
function addRows(data: Float32Array, rows: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i]! += rows[i % rows.length]!;
}
