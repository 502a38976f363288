/**
 * @file Pairwise outcomes of PrimeVul (Ding et al. 2024, section 4): a vulnerable function and its fix are judged
 * together, so a model that only knows what such code looks like gets no credit. Records without `pair` are passed over.
 */

export interface PairedRecord {
  /** 1 vulnerable, 0 not. */
  readonly target: number;
  /** The same for a vulnerable function and its fix, and for no other function. */
  readonly pair?: string | undefined;
}

/**
 * P-C both right; P-V both called vulnerable; P-B both called benign; P-R reversed: the vulnerable one called
 * benign and its fix vulnerable.
 */
export type PairOutcome = 'P-C' | 'P-V' | 'P-B' | 'P-R';

export const pairOutcomes: readonly PairOutcome[] = ['P-C', 'P-V', 'P-B', 'P-R'];

export interface PairwiseResult {
  /** Pairs of exactly one vulnerable function and one fix: the only ones judged. */
  readonly complete: number;
  /** Other values of `pair`: one side missing, or more than one function on a side. */
  readonly incomplete: number;
  readonly counts: Readonly<Record<PairOutcome, number>>;
  /** counts / complete; `undefined` when no pair is complete. */
  readonly fractions: Readonly<Record<PairOutcome, number>> | undefined;
}

/**
 * @param scores [N] one per record; a function is called vulnerable when its score >= threshold
 * @returns `undefined` when no record names a pair
 */
export function judgePairs(
  records: readonly PairedRecord[],
  scores: ArrayLike<number>,
  threshold: number,
): PairwiseResult | undefined {
  const pairs = new Map<string, { vulnerable: number[]; fixed: number[] }>();
  records.forEach(({ pair, target }, index) => {
    if (pair === undefined) return;
    const members = pairs.get(pair) ?? { vulnerable: [], fixed: [] };
    pairs.set(pair, members);
    (target === 1 ? members.vulnerable : members.fixed).push(index);
  });
  if (pairs.size === 0) return undefined;

  const counts: Record<PairOutcome, number> = { 'P-C': 0, 'P-V': 0, 'P-B': 0, 'P-R': 0 };
  let complete = 0;
  for (const { vulnerable, fixed } of pairs.values()) {
    if (vulnerable.length !== 1 || fixed.length !== 1) continue;
    complete++;
    counts[outcome(scores[vulnerable[0]!]! >= threshold, scores[fixed[0]!]! >= threshold)]++;
  }
  const fractions = Object.fromEntries(pairOutcomes.map((name) => [name, counts[name] / complete])) as Record<
    PairOutcome,
    number
  >;
  return {
    complete,
    incomplete: pairs.size - complete,
    counts,
    fractions: complete === 0 ? undefined : fractions,
  };
}

function outcome(vulnerableFlagged: boolean, fixedFlagged: boolean): PairOutcome {
  if (vulnerableFlagged) return fixedFlagged ? 'P-V' : 'P-C';
  return fixedFlagged ? 'P-R' : 'P-B';
}
