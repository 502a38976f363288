/**
 * @file The threshold at and above which a function is called vulnerable, chosen on validation data; it is then
 * stored with the adapter. Never chosen on the data that is reported.
 */
import type { RankedScores } from './metrics/ranked-scores.ts';

export interface ChosenThreshold {
  /** A function is called vulnerable when its score >= threshold. */
  readonly threshold: number;
  /** F1 that it reaches on the data it was chosen on. */
  readonly f1: number;
}

/** Used when none could be chosen. */
export const DEFAULT_THRESHOLD = 0.5;

/**
 * The threshold with the best F1. Among cuts with the same F1 the highest wins (fewest functions flagged).
 * The threshold lies half way between the lowest score it flags and the next score below, so that a score that
 * differs in the last bit on another machine stays on its side; the lowest of all scores has none below and
 * stands for itself. `undefined` without a vulnerable function: every cut then has F1 0.
 */
export function chooseThreshold(ranked: RankedScores): ChosenThreshold | undefined {
  const { thresholds, truePositives, falsePositives, positives } = ranked;
  let best = -1;
  let [bestTruePositives, bestDenominator] = [0, 1];
  for (let k = 0; k < thresholds.length; k++) {
    // F1 = 2 tp / (called + positives); compared by cross products of whole numbers, so equal means equal.
    const denominator = truePositives[k]! + falsePositives[k]! + positives;
    if (truePositives[k]! * bestDenominator > bestTruePositives * denominator) {
      [best, bestTruePositives, bestDenominator] = [k, truePositives[k]!, denominator];
    }
  }
  if (best < 0) return undefined;
  const above = thresholds[best]!;
  const below = thresholds[best + 1] ?? above;
  const middle = below + (above - below) / 2;
  // Neighbouring floats have no middle.
  return { threshold: middle > below ? middle : above, f1: (2 * bestTruePositives) / bestDenominator };
}
