/** @file Reliability: how often functions of like score are vulnerable, in bins that hold equally many functions. */
import type { RankedScores } from './ranked-scores.ts';

export interface ReliabilityBin {
  /** Functions that count in it. */
  readonly size: number;
  readonly meanScore: number;
  /** Share of vulnerable functions. */
  readonly observed: number;
}

const MOST_BINS = 15;

/** 15 bins, fewer below 225 functions: a bin of a handful of functions is off by chance alone. */
const binCount = (size: number) => Math.max(1, Math.min(MOST_BINS, Math.floor(Math.sqrt(size))));

/**
 * Bins of equal mass, highest scores first, none empty (Nguyen and O'Connor 2015, "Posterior calibration and
 * exploratory analysis for natural language processing models", section 3). Equal scores stay together, in the bin
 * of their middle, so that the order of the input changes nothing.
 */
export function reliabilityBins(ranked: RankedScores, bins = binCount(ranked.size)): ReliabilityBin[] {
  const { thresholds, truePositives, falsePositives, size } = ranked;
  const sizes = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const vulnerable = new Float64Array(bins);
  let before = 0;
  for (let k = 0; k < thresholds.length; k++) {
    const until = truePositives[k]! + falsePositives[k]!;
    const mass = until - before;
    if (mass === 0) continue;
    const bin = Math.min(bins - 1, Math.floor(((before + mass / 2) / size) * bins));
    sizes[bin]! += mass;
    sums[bin]! += mass * thresholds[k]!;
    vulnerable[bin]! += truePositives[k]! - (k === 0 ? 0 : truePositives[k - 1]!);
    before = until;
  }
  return Array.from(sizes, (mass, bin) => ({
    size: mass,
    meanScore: sums[bin]! / mass,
    observed: vulnerable[bin]! / mass,
  })).filter((bin) => bin.size > 0);
}

/** Expected calibration error with adaptive bins: sum of size / n * |observed - meanScore|. */
export function calibrationError(ranked: RankedScores): number {
  let sum = 0;
  for (const { size, meanScore, observed } of reliabilityBins(ranked))
    sum += size * Math.abs(observed - meanScore);
  return sum / ranked.size;
}
