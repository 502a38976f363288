/**
 * @file How one sequence of functions lies in memory: a flat list of N tokens for everything that works on single
 * tokens, rows of S slots for attention, and the two indices between them. Knows no tensors, no graph, no model.
 */
import { invariant, VultuneError } from '../base/errors.ts';
import { rowSlots } from './query-chunks.ts';
import type { SharedPrefixes } from './shared-prefixes.ts';

/**
 * How functions go through the network together. `isolated`: each is an attention row of its own. `none`: the same, padded
 * in the linear layers too. `joined`: all are one row, in which a function sees those before it.
 */
export type Packing = 'isolated' | 'none' | 'joined';

/** N tokens in a flat list, A attention rows of S slots. Padding follows a row's real tokens. */
export interface SequenceLayout {
  /**
   * N: the real tokens (isolated; a common beginning counts once where it is shared), those and the separators between
   * functions (joined), or A * S (none).
   */
  readonly tokenCount: number;
  /** B */
  readonly functionCount: number;
  /** A: one per function, or one for all of them where they are joined. */
  readonly rowCount: number;
  /** S */
  readonly rowLength: number;
  /** Whether a function sees those before it. */
  readonly isJoined: boolean;
  /** Tokens of all functions: more than N where beginnings are shared. */
  readonly realTokenCount: number;
  /** Where each flat token stands in the rows, and the reverse. A shared token stands in its first function's row. */
  readonly rows: RowIndex;
  /** With shared beginnings: the rows of keys and values, where every function has all its tokens. */
  readonly keys: RowIndex | undefined;
  /** [N] position within the row, from 0: within the function, or joined within the whole sequence. */
  readonly positions: BigInt64Array;
  /** [B] flat token that ends each function. */
  readonly last: BigInt64Array;
  /** [B] real tokens of each function. */
  readonly lengths: readonly number[];
  /** [B][length] flat token of each position of a function. */
  readonly flatTokens: readonly Int32Array[];
}

/** Flat tokens placed in rows: each token in at least one slot, other slots empty. */
export interface RowIndex {
  /** [A, S] token of each slot; an empty slot holds some token of the list. */
  readonly index: BigInt64Array;
  /** R: in how many slots a token stands at most. */
  readonly copies: number;
  /** [N, R] slots (a * S + s) of each token; A * S where it has fewer than R. */
  readonly inverse: BigInt64Array;
  /** [A, S] 1 where a token stands, 0 where the slot is empty. */
  readonly slotIsReal: Float32Array;
}

export interface LayOutOptions {
  /** Packing none: S; undefined: the longest function. */
  readonly padTo?: number | undefined;
  /** Isolated: what functions begin with in common, to be laid out once. */
  readonly shared?: SharedPrefixes | undefined;
  /** Joined: a token stands between two functions. Default: false. */
  readonly separated?: boolean | undefined;
}

/**
 * Lays out functions of the given lengths. `isolated`: one a row; flat tokens are the real ones, function after
 * function; with `shared`, tokens of common beginnings are laid out once. `none`: one a row; flat token b * S + s is slot
 * (b, s), padding included, and padTo may ask for rows longer than the longest function. `joined`: all in one row in the
 * order of the flat tokens; positions run on from function to function.
 * @throws VultuneError FUNCTION_WITHOUT_TOKENS for a length of 0.
 */
export function layOut(
  lengths: readonly number[],
  packing: Packing,
  { padTo, shared, separated = false }: LayOutOptions = {},
): SequenceLayout {
  requireTokens(lengths);
  if (packing === 'joined') return joined(lengths, separated);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  if (packing === 'isolated') return isolated(lengths, rowSlots(longest), shared);
  const S = padTo ?? longest;
  invariant(S >= longest, `rows of ${S} slots cannot hold a function of ${longest} tokens`);
  return padded(lengths, S);
}

function isolated(lengths: readonly number[], S: number, shared: SharedPrefixes | undefined): SequenceLayout {
  const B = lengths.length;
  const { flatTokens, ownFrom, tokenCount: N } = assignTokens(lengths, shared);
  const positions = new BigInt64Array(N);
  const last = new BigInt64Array(B);
  flatTokens.forEach((tokens, b) => {
    for (let s = ownFrom[b]!; s < tokens.length; s++) positions[tokens[s]!] = BigInt(s);
    last[b] = BigInt(tokens.at(-1)!);
  });
  const realTokenCount = lengths.reduce((sum, length) => sum + length, 0);
  return {
    tokenCount: N,
    functionCount: B,
    rowCount: B,
    rowLength: S,
    isJoined: false,
    realTokenCount,
    rows: placeTokens(flatTokens, ownFrom, N, S),
    keys: shared === undefined ? undefined : placeTokens(flatTokens, fromStart(lengths), N, S),
    positions,
    last,
    lengths: [...lengths],
    flatTokens,
  };
}

/** Flat tokens of each function: its own, after those that it shares with an earlier one. */
function assignTokens(lengths: readonly number[], shared: SharedPrefixes | undefined) {
  const flatTokens = lengths.map((length) => new Int32Array(length));
  const ownFrom = lengths.map((_, b) => shared?.prefixes[b]?.length ?? 0);
  let next = 0;
  for (const b of shared?.order ?? lengths.keys()) {
    const tokens = flatTokens[b]!;
    const prefix = shared?.prefixes[b];
    if (prefix !== undefined) tokens.set(flatTokens[prefix.of]!.subarray(0, prefix.length));
    for (let s = ownFrom[b]!; s < tokens.length; s++) tokens[s] = next++;
  }
  return { flatTokens, ownFrom, tokenCount: next };
}

/** Each function's tokens from `from` on, at their places in its row. */
function placeTokens(
  tokens: readonly Int32Array[],
  from: readonly number[],
  count: number,
  S: number,
): RowIndex {
  const index = new BigInt64Array(tokens.length * S);
  const slotIsReal = new Float32Array(tokens.length * S);
  const standsIn = new Int32Array(count);
  tokens.forEach((row, b) => {
    for (let s = 0; s < S; s++) index[b * S + s] = BigInt(row[Math.min(s, row.length - 1)]!);
    for (let s = from[b]!; s < row.length; s++) standsIn[row[s]!]!++;
    slotIsReal.fill(1, b * S + from[b]!, b * S + row.length);
  });
  const copies = standsIn.reduce((most, slots) => Math.max(most, slots), 1);
  const inverse = new BigInt64Array(count * copies).fill(BigInt(tokens.length * S));
  standsIn.fill(0);
  tokens.forEach((row, b) => {
    for (let s = from[b]!; s < row.length; s++) {
      const token = row[s]!;
      inverse[token * copies + standsIn[token]!++] = BigInt(b * S + s);
    }
  });
  return { index, copies, inverse, slotIsReal };
}

const fromStart = (lengths: readonly number[]) => lengths.map(() => 0);

function padded(lengths: readonly number[], S: number): SequenceLayout {
  const B = lengths.length;
  const all = lengths.map((_, b) => Int32Array.from({ length: S }, (_, s) => b * S + s));
  const rows = placeTokens(all, fromStart(lengths), B * S, S);
  rows.slotIsReal.fill(0);
  for (const [b, length] of lengths.entries()) rows.slotIsReal.fill(1, b * S, b * S + length);
  return {
    tokenCount: B * S,
    functionCount: B,
    rowCount: B,
    rowLength: S,
    isJoined: false,
    realTokenCount: lengths.reduce((sum, length) => sum + length, 0),
    rows,
    keys: undefined,
    positions: BigInt64Array.from({ length: B * S }, (_, token) => BigInt(token % S)),
    last: BigInt64Array.from(lengths, (length, b) => BigInt(b * S + length - 1)),
    lengths: [...lengths],
    flatTokens: lengths.map((length, b) => all[b]!.subarray(0, length)),
  };
}

/** One row of all functions, one token between two of them where they are separated. */
function joined(lengths: readonly number[], separated: boolean): SequenceLayout {
  const gap = separated ? 1 : 0;
  let next = 0;
  const flatTokens = lengths.map((length) => {
    const start = next;
    next += length + gap;
    return Int32Array.from({ length }, (_, s) => start + s);
  });
  const N = Math.max(0, next - gap);
  const S = rowSlots(N);
  return {
    tokenCount: N,
    functionCount: lengths.length,
    rowCount: 1,
    rowLength: S,
    isJoined: true,
    realTokenCount: lengths.reduce((sum, length) => sum + length, 0),
    rows: placeTokens([Int32Array.from({ length: N }, (_, token) => token)], [0], N, S),
    keys: undefined,
    positions: BigInt64Array.from({ length: N }, (_, token) => BigInt(token)),
    last: BigInt64Array.from(flatTokens, (tokens) => BigInt(tokens.at(-1)!)),
    lengths: [...lengths],
    flatTokens,
  };
}

/** The flat token ids [N] of the layout's functions; what belongs to none (padding, separators) holds fillId. */
export function packIds(
  functions: readonly (readonly number[])[],
  layout: SequenceLayout,
  fillId: number,
): Int32Array {
  invariant(
    functions.length === layout.functionCount,
    `${functions.length} functions for a layout of ${layout.functionCount}`,
  );
  const ids = new Int32Array(layout.tokenCount).fill(fillId);
  functions.forEach((tokens, b) => {
    invariant(
      tokens.length === layout.lengths[b],
      `function ${b} has ${tokens.length} tokens, ${layout.lengths[b]} in the layout`,
    );
    const flat = layout.flatTokens[b]!;
    for (let s = 0; s < tokens.length; s++) ids[flat[s]!] = tokens[s]!;
  });
  return ids;
}

/** Attention and the last token have no meaning without a token: who tokenizes must put one in. */
export function requireTokens(lengths: readonly number[]): void {
  const empty = lengths.findIndex((length) => !(length >= 1));
  if (empty < 0) return;
  throw new VultuneError('FUNCTION_WITHOUT_TOKENS', `function ${empty} has ${lengths[empty]} tokens`, {
    where: { name: `function ${empty}` },
    hint: 'an empty function needs at least one token: leave it out, or give it the end-of-text token',
  });
}
