/**
 * @file Functions that begin alike: a vulnerable function and its fix often share half their tokens. Attention is causal,
 * so what a model makes of a common beginning is the same in both and needs computing once. Knows token ids only.
 */

/** Where a function stands among those that begin like it. */
export interface SharedPrefix {
  /** The function whose first tokens are also its own. */
  readonly of: number;
  /** How many. */
  readonly length: number;
}

export interface SharedPrefixes {
  /** All functions, each after the one it shares with. */
  readonly order: readonly number[];
  /** [functions] */
  readonly prefixes: readonly (SharedPrefix | undefined)[];
}

/** Fewer tokens in common are not worth an index. */
const LEAST_TOKENS = 16;

/** For each function the one that it shares the most first tokens with, if that is worth anything. */
export function findSharedPrefixes(functions: readonly (readonly number[])[]): SharedPrefixes {
  // Sorted, the longest common beginning of a function is with a neighbour.
  const order = [...functions.keys()].sort((a, b) => compareIds(functions[a]!, functions[b]!) || a - b);
  const prefixes = new Array<SharedPrefix | undefined>(functions.length);
  for (let i = 1; i < order.length; i++) {
    const [of, own] = [order[i - 1]!, order[i]!];
    const length = commonPrefixLength(functions[of]!, functions[own]!);
    if (length >= LEAST_TOKENS) prefixes[own] = { of, length };
  }
  return { order, prefixes };
}

/** Tokens that two lists begin with alike. */
export function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

function compareIds(a: readonly number[], b: readonly number[]): number {
  const at = commonPrefixLength(a, b);
  return at < a.length && at < b.length ? a[at]! - b[at]! : a.length - b.length;
}
