/**
 * @file Metrics of the order of the scores alone: any strictly increasing change of the scores leaves them as they
 * are. Ties are handled as scikit-learn does: equal scores are one point of the curve.
 */
import type { RankedScores } from './ranked-scores.ts';

/**
 * Area under the ROC curve by trapezoids: the chance that a vulnerable function scores above another one, ties
 * counting one half (Mann-Whitney).
 */
export function rocAuc({ truePositives, falsePositives, positives, negatives }: RankedScores): number {
  let twiceArea = 0;
  for (let k = 0; k < truePositives.length; k++) {
    const [tpBefore, fpBefore] = k === 0 ? [0, 0] : [truePositives[k - 1]!, falsePositives[k - 1]!];
    twiceArea += (falsePositives[k]! - fpBefore) * (truePositives[k]! + tpBefore);
  }
  return twiceArea / (2 * positives * negatives);
}

/** sum over thresholds of (recall_k - recall_{k-1}) * precision_k: no interpolation, as scikit-learn. */
export function averagePrecision({ truePositives, falsePositives, positives }: RankedScores): number {
  let sum = 0;
  for (let k = 0; k < truePositives.length; k++) {
    const gained = truePositives[k]! - (k === 0 ? 0 : truePositives[k - 1]!);
    if (gained > 0) sum += (gained * truePositives[k]!) / (truePositives[k]! + falsePositives[k]!);
  }
  return sum / positives;
}

/**
 * Share of vulnerable functions among the `count` highest-scoring ones, or among all where there are fewer (precision at k). Where
 * equal scores lie across the limit, what a random order among them gives on average. NaN for none.
 */
export function precisionAtTop({ truePositives, falsePositives, size }: RankedScores, count: number): number {
  const top = Math.min(count, size);
  let [found, seen] = [0, 0];
  for (let k = 0; k < truePositives.length && seen < top; k++) {
    const gained = truePositives[k]! - (k === 0 ? 0 : truePositives[k - 1]!);
    const tied = truePositives[k]! + falsePositives[k]! - seen;
    if (tied > 0) found += gained * Math.min(1, (top - seen) / tied);
    seen += tied;
  }
  return found / top;
}

/** Best F1 that any threshold reaches on these very labels: an upper bound, never a result. */
export function oracleF1({ truePositives, falsePositives, positives }: RankedScores): number {
  let best = 0;
  for (let k = 0; k < truePositives.length; k++) {
    const called = truePositives[k]! + falsePositives[k]!;
    best = Math.max(best, (2 * truePositives[k]!) / (called + positives));
  }
  return best;
}

/**
 * The largest recall of any threshold whose precision is at least `minPrecision`; 0 when there is none. As the point
 * read off scikit-learn's precision_recall_curve.
 */
export function recallAtPrecision(ranked: RankedScores, minPrecision: number): number {
  const { truePositives, falsePositives, positives } = ranked;
  for (let k = truePositives.length - 1; k >= 0; k--) {
    const called = truePositives[k]! + falsePositives[k]!;
    if (truePositives[k]! > 0 && truePositives[k]! >= minPrecision * called)
      return truePositives[k]! / positives;
  }
  return 0;
}

/**
 * Vulnerability detection score (PrimeVul, Ding et al. 2024; lower is better): the share of vulnerable functions
 * missed when at most `maxFalsePositiveRate` of the others may be flagged.
 */
export function vdScore(ranked: RankedScores, maxFalsePositiveRate: number): number {
  const { truePositives, falsePositives, positives, negatives } = ranked;
  let found = 0;
  for (let k = 0; k < truePositives.length; k++) {
    if (falsePositives[k]! / negatives > maxFalsePositiveRate) break;
    found = truePositives[k]!;
  }
  return 1 - found / positives;
}

/**
 * Why a false positive rate can't be told on so few functions: the curve steps by 1/negatives, so below one step the
 * score only says how many vulnerable functions lie above *every* other one. `undefined` when there are enough.
 */
export function tooFewNegatives({ negatives }: RankedScores, rate: number): string | undefined {
  const needed = Math.ceil(1 / rate - 1e-9);
  if (negatives >= needed) return undefined;
  return `a false positive rate of ${100 * rate}% needs ${needed} functions that are not vulnerable, found ${negatives}`;
}
