/**
 * @file The graph inputs that say how a sequence of functions lies in memory. Sizes: N flat tokens, B functions (one
 * attention row each), S slots a row, M positions of the rotary table; where attention is cut into J chunks of queries,
 * S = J*C.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { DecoderGeometry } from './geometry.ts';

export interface SequenceInputs {
  /** S */
  readonly slots: Dim;
  /** J */
  readonly queryChunks: number;
  /** [B, S] flat token of each slot. */
  readonly index: () => Value;
  /** [N] slot of each flat token. */
  readonly inverse: () => Value;
  /** [B, S] 1 for a real token, 0 for padding. */
  readonly slotIsReal: () => Value;
  /** [N] position within the function. */
  readonly positions: () => Value;
  /** [M, d/2] */
  readonly cos: () => Value;
  readonly sin: () => Value;
  /** [J, S/J, S], added to scores: 0 where a query (row) may see a key (column), very negative elsewhere. */
  readonly mask: (window: number | undefined) => Value;
  /** [B] flat index of each function's last token. */
  readonly last: () => Value;
  /** [B] its position. */
  readonly lastPositions: () => Value;
  /** [B, S] the mask's row of each last token. */
  readonly lastMask: (window: number | undefined) => Value;
  /** [B, N] weight of each token in its function's mean. */
  readonly meanWeights: () => Value;
}

/** Name of a mask input: one per window size. */
export const maskName = (window: number | undefined) => (window === undefined ? 'mask' : `mask_${window}`);
export const lastMaskName = (window: number | undefined) =>
  window === undefined ? 'last_mask' : `last_mask_${window}`;

/** Declares an input the first time it is asked for: a graph takes only what it uses. */
export function sequenceInputs(
  builder: GraphBuilder,
  geometry: DecoderGeometry,
  queryChunks: number,
): SequenceInputs {
  const chunk = queryChunks === 1 ? 'S' : 'C';
  const slots = queryChunks === 1 ? 'S' : `${queryChunks}*C`;
  const made = new Map<string, Value>();
  const once = (name: string, make: () => Value): Value => {
    const value = made.get(name) ?? make();
    made.set(name, value);
    return value;
  };
  const ints = (name: string, ...shape: string[]) => once(name, () => builder.input(name, 'int64', shape));
  const floats = (name: string, ...shape: (string | number)[]) =>
    once(name, () => builder.input(name, 'float32', shape));
  const half = geometry.headSize / 2;
  return {
    slots,
    queryChunks,
    index: () => ints('index', 'B', slots),
    inverse: () => ints('inverse', 'N'),
    slotIsReal: () => floats('slot_is_real', 'B', slots),
    positions: () => ints('positions', 'N'),
    cos: () => floats('cos', 'M', half),
    sin: () => floats('sin', 'M', half),
    mask: (window) => floats(maskName(window), queryChunks, chunk, slots),
    last: () => ints('last', 'B'),
    lastPositions: () => ints('last_positions', 'B'),
    lastMask: (window) => floats(lastMaskName(window), 'B', slots),
    meanWeights: () => floats('mean_weights', 'B', 'N'),
  };
}
