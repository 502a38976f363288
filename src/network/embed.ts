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

/** Where rows and norms of an embedding are read: the base model's, or as they are trained. */
export type EmbeddingWeights = Pick<BaseWeights, 'rows' | 'get'>;

/** Throws SEQUENCE_TOO_LONG for functions that need positions which the model does not have. */
export async function embed(
  model: Model,
  weights: EmbeddingWeights,
  { ids, layout }: PackedSequence,
): Promise<HostTensor<'float32'>> {
  if (layout.isJoined) requireJoinedPositions(layout, model.positionLimit);
  else requirePositions(layout.lengths, model.positionLimit);
  return await embedTokens(model, weights, { ids, layout });
}

/** What is read of a sequence: its tokens [N] and where each of them stands. */
export interface PlacedTokens {
  readonly ids: ArrayLike<number>;
  readonly layout: Pick<PackedSequence['layout'], 'positions'>;
}

/** Tokens at their positions, [N, D]; that the model has these is the caller's to check. */
export async function embedTokens(
  model: Model,
  weights: EmbeddingWeights,
  sequence: PlacedTokens,
): Promise<HostTensor<'float32'>> {
  const { hiddenSize: D, embedding } = model;
  const rows = await embeddedRows(model, weights, sequence);
  if (embedding.norm === undefined) return rows;
  const data = rows.data.slice();
  await normRows(data, D, embedding.norm, weights);
  return hostTensor('float32', rows.shape, data);
}

/** What a norm of the embedding reads: [N, D]. */
export async function embeddedRows(
  { embedding }: Model,
  weights: EmbeddingWeights,
  { ids, layout }: PlacedTokens,
): Promise<HostTensor<'float32'>> {
  const { tokens, scale, positions, tokenTypes } = embedding;
  const rows = await weights.rows(tokens, ids);
  if (scale === undefined && positions === undefined && tokenTypes === undefined) return rows;
  const data = scale === undefined ? rows.data.slice() : rows.data.map((value) => value * scale);
  if (positions !== undefined) {
    addRows(data, (await weights.rows(positions.name, positionRows(positions, layout))).data);
  }
  if (tokenTypes !== undefined) addRows(data, (await weights.rows(tokenTypes.name, [0])).data);
  return hostTensor('float32', rows.shape, data);
}

/** Rows of the matrix of positions, of each token: [N]. */
export function positionRows(
  { first, rows }: NonNullable<Model['embedding']['positions']>,
  layout: PlacedTokens['layout'],
): number[] {
  // Padding may stand beyond the last position; nothing sees it.
  return Array.from(layout.positions, (position) => first + Math.min(Number(position), rows - 1));
}

/** @throws VultuneError SEQUENCE_TOO_LONG */
export function requirePositions(lengths: readonly number[], limit: number | undefined): void {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  if (limit === undefined || longest <= limit) return;
  throw new VultuneError(
    'SEQUENCE_TOO_LONG',
    `a function of ${longest} tokens is longer than the model's ${limit} positions`,
    { where: { name: 'max_length' }, hint: `Set max_length to at most ${limit}.` },
  );
}

function requireJoinedPositions(
  { tokenCount, functionCount }: PackedSequence['layout'],
  limit: number | undefined,
): void {
  if (limit === undefined || tokenCount <= limit) return;
  throw new VultuneError(
    'SEQUENCE_TOO_LONG',
    `${functionCount} functions joined to ${tokenCount} tokens are longer than the model's ${limit} positions`,
    { where: { name: 'tokens_per_batch' }, hint: `Set tokens_per_batch to at most ${limit}.` },
  );
}

/** Adds rows to as many, or one row to all. */
function addRows(data: Float32Array, rows: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i]! += rows[i % rows.length]!;
}
