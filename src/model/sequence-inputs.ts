/**
 * @file The graph inputs that say how a sequence of functions lies in memory. Sizes: N flat tokens, B functions, A attention
 * rows (one per function, or one for all where they are joined), S slots a row, P positions of the rotary table; where attention is cut into J chunks of queries,
 * S = J*C; where functions share their beginnings, a token's key stands in up to R slots.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { onceByName } from './once-by-name.ts';
import type { Attention, Rotary } from './spec.ts';

export interface SequenceInputs {
  /** A: `B`, or 1. */
  readonly rowCount: Dim;
  /** S */
  readonly slots: Dim;
  /** J */
  readonly queryChunks: number;
  /** Where flat tokens stand in the rows: of queries, and of what attention gives back. */
  readonly rows: RowInputs;
  /** The same of keys and values; another one where functions share their beginnings. */
  readonly keyRows: RowInputs;
  /** [N] position within the function. */
  readonly positions: () => Value;
  /** [P, size/2] of a rotary embedding of the model. */
  readonly cos: (rotary: Rotary) => Value;
  readonly sin: (rotary: Rotary) => Value;
  /** [J, S/J, S], added to scores: 0 where a query (row) may see a key (column), very negative elsewhere. */
  readonly mask: (window: number | undefined) => Value;
  /** [B, S] the same without causality: 0 where a function has a token. */
  readonly lengthMask: () => Value;
  /** [S, S] 0 for two positions at most `window` apart, very negative elsewhere. */
  readonly bandMask: (window: number) => Value;
  /** The token of each function that alone asks in the last block. */
  readonly one: (place: OneToken) => OneTokenInputs;
}

/** Which token of a function a head reads, where it reads one. */
export type OneToken = 'first' | 'last';

export interface OneTokenInputs {
  /** [B] flat index of each function's token. */
  readonly index: () => Value;
  /** [B] its position. */
  readonly positions: () => Value;
  /** [B, S] 0 for the tokens of its attention row that it sees. */
  readonly mask: (attention: MaskedAttention) => Value;
}

/** All of an attention that masks depend on. */
export type MaskedAttention = Pick<Attention, 'window' | 'bidirectional'>;

/** Inputs of packRows and unpackRows. */
export interface RowInputs {
  /** [A, S] token of each slot. */
  readonly index: () => Value;
  /** [N] slot of each token; [N, R] where functions share their beginnings. */
  readonly inverse: () => Value;
  /** [A, S] 1 where a token stands, 0 elsewhere. */
  readonly slotIsReal: () => Value;
}

/** Name of a mask input: one per window size. */
export const maskName = (window: number | undefined) => (window === undefined ? 'mask' : `mask_${window}`);
export const bandMaskName = (window: number) => `band_mask_${window}`;
export const oneTokenMaskName = (place: OneToken, { window, bidirectional }: MaskedAttention) =>
  `${place}_${maskName(window)}${bidirectional === true ? '_both_sides' : ''}`;

/** Name of a rotary table's input: the model's first has no number. `rotaries` as `rotariesOf` lists them. */
export function rotaryName(table: 'cos' | 'sin', rotaries: readonly Rotary[], rotary: Rotary): string {
  const text = JSON.stringify(rotary);
  const place = rotaries.findIndex((one) => JSON.stringify(one) === text);
  return place === 0 ? table : `${table}_${place}`;
}

/** Declares an input the first time it is asked for: a graph takes only what it uses. */
export function sequenceInputs(
  builder: GraphBuilder,
  rotaries: readonly Rotary[],
  {
    queryChunks,
    sharesPrefixes,
    isJoined = false,
  }: {
    readonly queryChunks: number;
    readonly sharesPrefixes: boolean;
    readonly isJoined?: boolean | undefined;
  },
): SequenceInputs {
  const rowCount = isJoined ? 1 : 'B';
  const chunk = queryChunks === 1 ? 'S' : 'C';
  const slots = queryChunks === 1 ? 'S' : `${queryChunks}*C`;
  const once = onceByName();
  const ints = (name: string, ...shape: (string | number)[]) =>
    once(name, () => builder.input(name, 'int64', shape));
  const floats = (name: string, ...shape: (string | number)[]) =>
    once(name, () => builder.input(name, 'float32', shape));
  const rowInputs = (prefix: string, ...inverse: string[]): RowInputs => ({
    index: () => ints(`${prefix}index`, rowCount, slots),
    inverse: () => ints(`${prefix}inverse`, ...inverse),
    slotIsReal: () => floats(`${prefix}slot_is_real`, rowCount, slots),
  });
  const rows = rowInputs('', 'N');
  return {
    rowCount,
    slots,
    queryChunks,
    rows,
    keyRows: sharesPrefixes ? rowInputs('key_', 'N', 'R') : rows,
    positions: () => ints('positions', 'N'),
    cos: (rotary) => floats(rotaryName('cos', rotaries, rotary), 'P', rotary.size / 2),
    sin: (rotary) => floats(rotaryName('sin', rotaries, rotary), 'P', rotary.size / 2),
    mask: (window) => floats(maskName(window), queryChunks, chunk, slots),
    lengthMask: () => floats('length_mask', 'B', slots),
    bandMask: (window) => floats(bandMaskName(window), slots, slots),
    one: (place) => ({
      index: () => ints(place, 'B'),
      positions: () => ints(`${place}_positions`, 'B'),
      mask: (attention) => floats(oneTokenMaskName(place, attention), 'B', slots),
    }),
  };
}
