/** @file How far two tensors are apart, and whether that is near enough. */

/** What the largest absolute error is held against. */
export type Tolerance =
  /** An absolute bound. */
  | { readonly kind: 'absolute'; readonly bound: number }
  /** A fraction of the reference's largest entry. */
  | { readonly kind: 'of_largest'; readonly bound: number };

export interface Comparison {
  readonly quantity: string;
  readonly largestAbsoluteError: number;
  /** The largest absolute error over the reference's largest entry. */
  readonly largestRelativeError: number;
  readonly ok: boolean;
}

/** Compares whole tensors; a value that is not finite is infinitely far away. */
export function compare(
  quantity: string,
  found: ArrayLike<number>,
  reference: ArrayLike<number>,
  tolerance: Tolerance,
): Comparison {
  let largest = 0;
  let error = found.length === reference.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(found[i]! - reference[i]!);
    error = Math.max(error, Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY);
    largest = Math.max(largest, Math.abs(reference[i]!));
  }
  const relative = error === 0 ? 0 : error / largest;
  const measured = tolerance.kind === 'absolute' ? error : relative;
  return {
    quantity,
    largestAbsoluteError: error,
    largestRelativeError: relative,
    ok: measured <= tolerance.bound,
  };
}

/** One row for many tensors of a kind: the worst of each error, ok when all are. */
export function worst(quantity: string, comparisons: readonly Comparison[]): Comparison {
  const max = (pick: (c: Comparison) => number) => comparisons.reduce((m, c) => Math.max(m, pick(c)), 0);
  return {
    quantity,
    largestAbsoluteError: max((c) => c.largestAbsoluteError),
    largestRelativeError: max((c) => c.largestRelativeError),
    ok: comparisons.every((c) => c.ok),
  };
}
