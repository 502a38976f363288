/**
 * @file What a page about one scored test set is drawn from: curves with bands, reliability, histograms, the counts at
 * every threshold, slices. Plain data (JSON), no drawing, no words beyond names.
 */

import { type Band, bandOf, type CurvePoint, prCurve, rocCurve } from './curves.ts';
import type { EvaluationResult } from './evaluate.ts';
import type { RankedScores } from './metrics/ranked-scores.ts';
import { type ReliabilityBin, reliabilityBins } from './metrics/reliability.ts';
import type { ClusterField, Clusters } from './resampling/clusters.ts';
import type { Intervals } from './resampling/intervals.ts';
import { asItIs, type ResampleOptions, resample } from './resampling/resample.ts';
import { evaluateSlices, type SliceResult } from './slices/evaluate-slices.ts';
import type { SliceRecord } from './slices/slice.ts';
import { standardSlices } from './slices/standard-slices.ts';

/** Confusion at one threshold: with `positives` and `negatives` of the data the four counts are known. */
export interface OperatingPoint {
  /** A function is called vulnerable when its score >= threshold. */
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

export interface HistogramBin {
  /** [from, to); the last one holds its end too. */
  readonly from: number;
  readonly to: number;
  /** Functions by group: `P1`, `P2`, `P3` where the records name sets, else `vulnerable` and `other`. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface ReportData {
  readonly formatVersion: 1;
  readonly functions: number;
  readonly vulnerable: number;
  readonly threshold: number;
  readonly result: EvaluationResult;
  readonly intervals: Intervals;
  readonly clusters: { readonly by: ClusterField; readonly count: number };
  /** x false positive rate, y true positive rate; from (0, 0) to (1, 1). Empty with one class only, as `pr`. */
  readonly roc: { readonly points: readonly CurvePoint[]; readonly band: Band };
  /** x recall, y precision; one point a step. */
  readonly pr: { readonly points: readonly CurvePoint[]; readonly band: Band };
  /** Highest scores first; empty when the scores are not probabilities. */
  readonly reliability: readonly ReliabilityBin[];
  readonly histogram: readonly HistogramBin[];
  /** Every threshold that differs in effect, highest first; thinned to 2000. */
  readonly operatingPoints: readonly OperatingPoint[];
  readonly slices: readonly SliceResult[];
}

export interface ReportDataOptions extends Omit<ResampleOptions, 'clusters' | 'draw'> {
  readonly records: readonly SliceRecord[];
  /** [N] */
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
  readonly clusters: Clusters;
  /** The model's result, as the comparison has it. */
  readonly result: EvaluationResult;
  readonly intervals: Intervals;
  /** Made already; else they are made here. */
  readonly slices?: readonly SliceResult[] | undefined;
  /** Resamples for the curves' bands; default 500. */
  readonly bandResamples?: number | undefined;
}

const BAND_RESAMPLES = 500;
const HISTOGRAM_BINS = 20;
const MOST_POINTS = 2000;

export async function reportData(options: ReportDataOptions): Promise<ReportData> {
  const { records, scores, threshold, clusters, result, intervals } = options;
  const subject = { records, scores, threshold };
  const { ranked } = asItIs(subject);
  const roc = bandOf('roc');
  const pr = bandOf('pr');
  await resample(
    [subject],
    (_, __, resampled) => {
      roc.add(resampled.ranked);
      pr.add(resampled.ranked);
    },
    { ...options, resamples: options.bandResamples ?? BAND_RESAMPLES },
  );
  const slices = options.slices ?? (await evaluateSlices(subject, standardSlices(records), options));
  return {
    formatVersion: 1,
    functions: result.n,
    vulnerable: result.positives,
    threshold,
    result,
    intervals,
    clusters: { by: clusters.by, count: clusters.count },
    roc: { points: rocCurve(ranked), band: roc.band() },
    pr: { points: prCurve(ranked), band: pr.band() },
    reliability: result.metrics.calibrationError === undefined ? [] : reliabilityBins(ranked),
    histogram: scoreHistogram(records, scores),
    operatingPoints: operatingPoints(ranked),
    slices,
  };
}

/** Room on both sides of the scores, as a share of their range. */
const MARGIN = 0.04;

/** Equal widths over the scores' range and a margin: over [0, 1] the scores of a calibrated model stand in one bar. */
export function scoreHistogram(
  records: readonly { readonly target: number; readonly set?: string | undefined }[],
  scores: ArrayLike<number>,
): HistogramBin[] {
  const values = Array.from(scores);
  const [low, high] = fittedRange(values);
  const bySet = records.length > 0 && records.every(({ set }) => set !== undefined);
  const groupOf = (i: number) =>
    bySet ? records[i]!.set! : records[i]!.target === 1 ? 'vulnerable' : 'other';
  const groups = [...new Set(records.map((_, i) => groupOf(i)))].sort();
  const width = (high - low) / HISTOGRAM_BINS;
  const counts = Array.from(
    { length: HISTOGRAM_BINS },
    () => Object.fromEntries(groups.map((group) => [group, 0])) as Record<string, number>,
  );
  values.forEach((score, i) => {
    counts[Math.min(HISTOGRAM_BINS - 1, Math.floor((score - low) / width))]![groupOf(i)]!++;
  });
  return counts.map((bin, b) => ({ from: low + b * width, to: low + (b + 1) * width, counts: bin }));
}

/** Within [0, 1] for probabilities, which have no room beyond it. */
function fittedRange(values: readonly number[]): readonly [low: number, high: number] {
  if (values.length === 0) return [0, 1];
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const margin = most > least ? MARGIN * (most - least) : Math.max(1e-6, Math.abs(most) * MARGIN);
  const areProbabilities = least >= 0 && most <= 1;
  const [low, high] = [least - margin, most + margin];
  return areProbabilities ? [Math.max(0, low), Math.min(1, high)] : [low, high];
}

/** Every distinct score, or evenly many of them by rank, first and last kept. */
export function operatingPoints(ranked: RankedScores, most = MOST_POINTS): OperatingPoint[] {
  const { thresholds, truePositives, falsePositives } = ranked;
  const last = thresholds.length - 1;
  const count = Math.min(most, thresholds.length);
  return Array.from({ length: count }, (_, i) => {
    const k = count === thresholds.length ? i : Math.round((i * last) / (count - 1));
    return {
      threshold: thresholds[k]!,
      truePositives: truePositives[k]!,
      falsePositives: falsePositives[k]!,
    };
  });
}
