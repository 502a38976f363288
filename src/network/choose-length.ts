/** @file The shortest length that leaves the pairs of a dataset distinct: what `max_length: auto` means. Reads ids, cuts none. */
import { fitLength, keepAll, type LongFunctions } from '../packing/fit-length.ts';
import { findTruncation, type PairedFunction } from './truncation.ts';

/** Share of pairs that must differ in what is read of them; without pairs, share of functions read whole. */
export const DISTINCT_SHARE = 0.95;
/** The longest that is chosen: attention's memory grows with the square. */
export const LONGEST_CHOSEN = 2048;
/** Lengths are multiples of it: what a row of attention is rounded to on most devices. */
const STEP = 64;
const SHORTEST = 128;

export interface ChooseLengthOptions {
  readonly longFunctions: LongFunctions;
  /** The longest length that the model's positions and the requested memory allow. */
  readonly longest: number;
  /** Tokens that the tokenizer puts behind every text. */
  readonly endCount: number;
}

export interface ChosenLength {
  readonly maxLength: number;
  /** Whether the longest length is needed, and still fewer are distinct. */
  readonly isCapped: boolean;
}

/** `ids`: of the whole functions. A pair that is the same at any length counts for none. */
export function chooseLength(
  functions: readonly PairedFunction[],
  ids: readonly (readonly number[])[],
  { longFunctions, longest, endCount }: ChooseLengthOptions,
): ChosenLength {
  const cap = Math.min(longest, LONGEST_CHOSEN);
  const whole = findTruncation(
    functions,
    ids.map((one) => ({ ids: one, truncated: false })),
  );
  // None is left out, so the pairs are the same at every length.
  const distinctPairs = whole.pairs - whole.identicalPairs;
  const isEnough = (maxLength: number) => {
    const cut = ids.map((one) => fitLength(one, maxLength, keepAll(longFunctions), endCount));
    const { identicalPairs, truncated } = findTruncation(functions, cut);
    return distinctPairs > 0
      ? identicalPairs - whole.identicalPairs <= (1 - DISTINCT_SHARE) * distinctPairs
      : truncated <= (1 - DISTINCT_SHARE) * functions.length;
  };
  // More is read at a longer length: the answer is found by halves.
  let [low, high] = [Math.ceil(Math.min(SHORTEST, cap) / STEP), Math.ceil(cap / STEP)];
  const at = (steps: number) => Math.min(steps * STEP, cap);
  if (!isEnough(at(high))) return { maxLength: cap, isCapped: true };
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(at(middle))) high = middle;
    else low = middle + 1;
  }
  return { maxLength: at(low), isCapped: false };
}
