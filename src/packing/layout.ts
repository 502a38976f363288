/**
 * @file How one sequence of functions lies in memory: a flat list of N tokens for everything that works on single
 * tokens, B rows of S slots for attention, and the two indices between them. Knows no tensors, no graph, no model.
 */
import { invariant, VultuneError } from '../base/errors.ts';

/** N tokens in a flat list, B attention rows (one function each) of S slots. Padding follows a row's real tokens. */
export interface SequenceLayout {
  /** N: the real tokens (isolated), or B * S (none). */
  readonly tokenCount: number;
  /** B */
  readonly rowCount: number;
  /** S */
  readonly rowLength: number;
  readonly realTokenCount: number;
  /** [B, S] flat token of each slot; isolated: padding slots hold the row's last real token. */
  readonly index: BigInt64Array;
  /** [N] slot (b * S + s) of each flat token. */
  readonly inverse: BigInt64Array;
  /** [B, S] 1 for a real token, 0 for padding. */
  readonly slotIsReal: Float32Array;
  /** [N] position within the function, from 0. */
  readonly positions: BigInt64Array;
  /** [B] flat token that ends each function. */
  readonly last: BigInt64Array;
  /** [B] real tokens of each function. */
  readonly lengths: readonly number[];
}

/**
 * Lays out functions of the given lengths, one a row. `isolated`: flat tokens are the real ones, function after
 * function. `none`: flat token b * S + s is slot (b, s), padding included, and padTo may ask for rows longer than the
 * longest function.
 * @throws VultuneError FUNCTION_WITHOUT_TOKENS for a length of 0.
 */
export function layOut(
  lengths: readonly number[],
  packing: 'isolated' | 'none',
  padTo?: number,
): SequenceLayout {
  requireTokens(lengths);
  const B = lengths.length;
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const S = packing === 'none' ? (padTo ?? longest) : rowSlots(longest);
  invariant(S >= longest, `rows of ${S} slots cannot hold a function of ${longest} tokens`);
  const realTokenCount = lengths.reduce((sum, length) => sum + length, 0);
  const N = packing === 'isolated' ? realTokenCount : B * S;

  const index = new BigInt64Array(B * S);
  const inverse = new BigInt64Array(N);
  const positions = new BigInt64Array(N);
  const slotIsReal = new Float32Array(B * S);
  const last = new BigInt64Array(B);
  let start = 0;
  for (let b = 0; b < B; b++) {
    const length = lengths[b]!;
    const held = packing === 'isolated' ? length : S;
    for (let s = 0; s < S; s++) {
      index[b * S + s] = BigInt(start + Math.min(s, held - 1));
      if (s < held) {
        inverse[start + s] = BigInt(b * S + s);
        positions[start + s] = BigInt(s);
      }
    }
    slotIsReal.fill(1, b * S, b * S + length);
    last[b] = BigInt(start + length - 1);
    start += held;
  }
  return {
    tokenCount: N,
    rowCount: B,
    rowLength: S,
    realTokenCount,
    index,
    inverse,
    slotIsReal,
    positions,
    last,
    lengths: [...lengths],
  };
}

/** Long rows get up to three more slots: attention takes the queries of a row in equal chunks. */
function rowSlots(longest: number): number {
  return longest < ROUNDED_FROM ? longest : Math.ceil(longest / ROUNDED_TO) * ROUNDED_TO;
}

const ROUNDED_FROM = 128;
const ROUNDED_TO = 4;

/** The flat token ids [N] of the layout's functions; padding (packing none) holds padId. */
export function packIds(
  functions: readonly (readonly number[])[],
  layout: SequenceLayout,
  padId: number,
): Int32Array {
  invariant(
    functions.length === layout.rowCount,
    `${functions.length} functions for ${layout.rowCount} rows of the layout`,
  );
  const ids = new Int32Array(layout.tokenCount).fill(padId);
  functions.forEach((tokens, b) => {
    invariant(
      tokens.length === layout.lengths[b],
      `function ${b} has ${tokens.length} tokens, its row ${layout.lengths[b]}`,
    );
    ids.set(tokens, Number(layout.last[b]) - tokens.length + 1);
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
