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
  /** Pairs whose vulnerable function scores above its fix, without any threshold; a tie is not above. */
  readonly ranked: number;
  /** Pairs that score alike: the change lies beyond what the model reads, or means nothing to it. */
  readonly tied: number;
  /** ranked / complete; `undefined` when no pair is complete. */
  readonly rankingAccuracy: number | undefined;
}

/** Places of the complete pairs in the records: pair p is vulnerable[p] and its fix fixed[p]. */
export interface CompletePairs {
  readonly vulnerable: Uint32Array;
  readonly fixed: Uint32Array;
  readonly incomplete: number;
}

/** @returns `undefined` when no record names a pair */
export function findPairs(records: readonly PairedRecord[]): CompletePairs | undefined {
  const pairs = new Map<string, { vulnerable: number[]; fixed: number[] }>();
  records.forEach(({ pair, target }, index) => {
    if (pair === undefined) return;
    const members = pairs.get(pair) ?? { vulnerable: [], fixed: [] };
    pairs.set(pair, members);
    (target === 1 ? members.vulnerable : members.fixed).push(index);
  });
  if (pairs.size === 0) return undefined;
  const complete = [...pairs.values()].filter((p) => p.vulnerable.length === 1 && p.fixed.length === 1);
  return {
    vulnerable: Uint32Array.from(complete, (p) => p.vulnerable[0]!),
    fixed: Uint32Array.from(complete, (p) => p.fixed[0]!),
    incomplete: pairs.size - complete.length,
  };
}

/** What became of each complete pair. */
export interface PairVerdict {
  readonly outcome: PairOutcome;
  /** Whether the vulnerable function scores above (1), like (0) or below (-1) its fix. */
  readonly order: number;
}

export function pairVerdicts(
  { vulnerable, fixed }: CompletePairs,
  scores: ArrayLike<number>,
  threshold: number,
): PairVerdict[] {
  return Array.from(vulnerable, (place, p) => {
    const [before, after] = [scores[place]!, scores[fixed[p]!]!];
    return { outcome: outcome(before >= threshold, after >= threshold), order: Math.sign(before - after) };
  });
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
  const pairs = findPairs(records);
  if (pairs === undefined) return undefined;
  const verdicts = pairVerdicts(pairs, scores, threshold);
  const complete = verdicts.length;
  const counted = (name: PairOutcome) => verdicts.filter((verdict) => verdict.outcome === name).length;
  const byOutcome = <T>(value: (name: PairOutcome) => T) =>
    Object.fromEntries(pairOutcomes.map((name) => [name, value(name)])) as Record<PairOutcome, T>;
  const ranked = verdicts.filter(({ order }) => order > 0).length;
  return {
    complete,
    incomplete: pairs.incomplete,
    counts: byOutcome(counted),
    fractions: complete === 0 ? undefined : byOutcome((name) => counted(name) / complete),
    ranked,
    tied: verdicts.filter(({ order }) => order === 0).length,
    rankingAccuracy: complete === 0 ? undefined : ranked / complete,
  };
}

function outcome(vulnerableFlagged: boolean, fixedFlagged: boolean): PairOutcome {
  if (vulnerableFlagged) return fixedFlagged ? 'P-V' : 'P-C';
  return fixedFlagged ? 'P-R' : 'P-B';
}
