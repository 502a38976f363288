/** @file The four counts at one threshold, and the metrics that are arithmetic on them. */
import type { RankedScores } from './ranked-scores.ts';

export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** A function is called vulnerable when its score >= threshold. O(log n). */
export function confusionAt(ranked: RankedScores, threshold: number): Confusion {
  // The first place in `thresholds` (highest first) that lies below the threshold.
  let low = 0;
  let high = ranked.thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranked.thresholds[middle]! >= threshold) low = middle + 1;
    else high = middle;
  }
  const truePositives = low === 0 ? 0 : ranked.truePositives[low - 1]!;
  const falsePositives = low === 0 ? 0 : ranked.falsePositives[low - 1]!;
  return {
    truePositives,
    falsePositives,
    trueNegatives: ranked.negatives - falsePositives,
    falseNegatives: ranked.positives - truePositives,
  };
}

/** tp / (tp + fp); 0 when nothing is called vulnerable, as scikit-learn's zero_division=0. */
export function precision({ truePositives, falsePositives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falsePositives);
}

/** tp / (tp + fn). */
export function recall({ truePositives, falseNegatives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falseNegatives);
}

/** Harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn). */
export function f1({ truePositives, falsePositives, falseNegatives }: Confusion): number {
  return truePositives === 0
    ? 0
    : (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives);
}

export function accuracy({
  truePositives,
  falsePositives,
  trueNegatives,
  falseNegatives,
}: Confusion): number {
  return (truePositives + trueNegatives) / (truePositives + falsePositives + trueNegatives + falseNegatives);
}

/** fp / (fp + tn): the share of functions that are not vulnerable and are flagged. */
export function falsePositiveRate({ falsePositives, trueNegatives }: Confusion): number {
  return falsePositives === 0 ? 0 : falsePositives / (falsePositives + trueNegatives);
}

/** Mean of recall and specificity. */
export function balancedAccuracy(confusion: Confusion): number {
  const { trueNegatives, falsePositives } = confusion;
  return (recall(confusion) + trueNegatives / (trueNegatives + falsePositives)) / 2;
}

/** Matthews' correlation coefficient; 0 when only one class is predicted, as scikit-learn has it. */
export function mcc({ truePositives, falsePositives, trueNegatives, falseNegatives }: Confusion): number {
  const called = truePositives + falsePositives;
  const passed = trueNegatives + falseNegatives;
  if (called === 0 || passed === 0) return 0;
  const positives = truePositives + falseNegatives;
  const negatives = trueNegatives + falsePositives;
  // Paired like this a perfect prediction gives exactly 1.
  const scale = Math.sqrt(called * positives) * Math.sqrt(passed * negatives);
  return (truePositives * trueNegatives - falsePositives * falseNegatives) / scale;
}
