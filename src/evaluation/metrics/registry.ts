/**
 * @file All metrics: one function and one line here each. The lines decide what is computed, what a table shows
 * and what a model is compared on; nothing else lists metrics.
 */
import type { Confusion } from './confusion.ts';
import {
  accuracy,
  balancedAccuracy,
  confusionAt,
  f1,
  falsePositiveRate,
  mcc,
  precision,
  recall,
} from './confusion.ts';
import { areProbabilities, brier, logLoss } from './probability.ts';
import type { RankedScores } from './ranked-scores.ts';
import {
  averagePrecision,
  oracleF1,
  recallAtPrecision,
  rocAuc,
  tooFewNegatives,
  vdScore,
} from './ranking.ts';
import { calibrationError } from './reliability.ts';

export interface Metric {
  /** Column heading. */
  readonly label: string;
  readonly better: 'higher' | 'lower';
  /** `compared`: a model is told when it does not beat a baseline on it. `shown`: a column of the ordinary table.
   * `stored`: only in the result. Each includes the ones after it. */
  readonly role: 'compared' | 'shown' | 'stored';
  /** What the data must have for the metric to be defined; see `undefinedReason`. */
  readonly needs: 'functions' | 'vulnerable' | 'bothClasses' | 'probabilities';
  /** Called only when `needs` is met. A function is called vulnerable when its score >= threshold. */
  readonly compute: (ranked: RankedScores, threshold: number) => number;
  /** Why the value, though defined, says little on this data. */
  readonly caution?: (ranked: RankedScores) => string | undefined;
}

const at =
  (metric: (confusion: Confusion) => number): Metric['compute'] =>
  (ranked, threshold) =>
    metric(confusionAt(ranked, threshold));

const vdScoreAt = (rate: number) => ({
  compute: (ranked: RankedScores) => vdScore(ranked, rate),
  caution: (ranked: RankedScores) => tooFewNegatives(ranked, rate),
});

const recallAt =
  (minPrecision: number): Metric['compute'] =>
  (ranked) =>
    recallAtPrecision(ranked, minPrecision);

// biome-ignore format: one metric, one line
export const metricRegistry = {
  rocAuc: { label: 'ROC AUC', better: 'higher', role: 'compared', needs: 'bothClasses', compute: rocAuc },
  averagePrecision: { label: 'AP', better: 'higher', role: 'compared', needs: 'bothClasses', compute: averagePrecision },
  f1: { label: 'F1', better: 'higher', role: 'compared', needs: 'vulnerable', compute: at(f1) },
  precision: { label: 'Precision', better: 'higher', role: 'shown', needs: 'vulnerable', compute: at(precision) },
  recall: { label: 'Recall', better: 'higher', role: 'shown', needs: 'vulnerable', compute: at(recall) },
  oracleF1: { label: 'Best F1', better: 'higher', role: 'shown', needs: 'bothClasses', compute: oracleF1 },
  accuracy: { label: 'Accuracy', better: 'higher', role: 'shown', needs: 'functions', compute: at(accuracy) },
  balancedAccuracy: { label: 'Bal. acc.', better: 'higher', role: 'shown', needs: 'bothClasses', compute: at(balancedAccuracy) },
  mcc: { label: 'MCC', better: 'higher', role: 'shown', needs: 'bothClasses', compute: at(mcc) },
  brier: { label: 'Brier', better: 'lower', role: 'shown', needs: 'probabilities', compute: brier },
  logLoss: { label: 'Log loss', better: 'lower', role: 'shown', needs: 'probabilities', compute: logLoss },
  calibrationError: { label: 'ECE', better: 'lower', role: 'shown', needs: 'probabilities', compute: calibrationError },
  falsePositiveRate: { label: 'FPR', better: 'lower', role: 'stored', needs: 'bothClasses', compute: at(falsePositiveRate) },
  'recallAtPrecision@0.8': { label: 'Recall at P 80%', better: 'higher', role: 'stored', needs: 'bothClasses', compute: recallAt(0.8) },
  'recallAtPrecision@0.9': { label: 'Recall at P 90%', better: 'higher', role: 'stored', needs: 'bothClasses', compute: recallAt(0.9) },
  'vdScore@0.005': { label: 'VD-S 0.5%', better: 'lower', role: 'stored', needs: 'bothClasses', ...vdScoreAt(0.005) },
  'vdScore@0.01': { label: 'VD-S 1%', better: 'lower', role: 'stored', needs: 'bothClasses', ...vdScoreAt(0.01) },
  'vdScore@0.05': { label: 'VD-S 5%', better: 'lower', role: 'stored', needs: 'bothClasses', ...vdScoreAt(0.05) },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metricRegistry;

export const metricNames = Object.keys(metricRegistry) as readonly MetricName[];

/** One entry per metric, `undefined` where it is not defined; never NaN. */
export type MetricValues = Readonly<Record<MetricName, number | undefined>>;

/** Why a metric is not defined, for those that are not. */
export type UndefinedMetrics = Readonly<Partial<Record<MetricName, string>>>;

/** Why a metric, though it has a value, says little, for those of which that is so. */
export type MetricCautions = Readonly<Partial<Record<MetricName, string>>>;

export interface ComputedMetrics {
  readonly values: MetricValues;
  readonly undefinedBecause: UndefinedMetrics;
  readonly cautions: MetricCautions;
}

/** Every metric of the registry on scores sorted once. A function is called vulnerable when score >= threshold. */
export function computeMetrics(ranked: RankedScores, threshold: number): ComputedMetrics {
  const values: Partial<Record<MetricName, number | undefined>> = {};
  const undefinedBecause: Partial<Record<MetricName, string>> = {};
  const cautions: Partial<Record<MetricName, string>> = {};
  for (const name of metricNames) {
    const reason = undefinedReason(metricRegistry[name], ranked);
    values[name] = reason === undefined ? metricRegistry[name].compute(ranked, threshold) : undefined;
    if (reason !== undefined) undefinedBecause[name] = reason;
    const metric: Metric = metricRegistry[name];
    const caution = reason === undefined ? metric.caution?.(ranked) : undefined;
    if (caution !== undefined) cautions[name] = caution;
  }
  return { values: values as MetricValues, undefinedBecause, cautions };
}

/** One metric alone, `undefined` where it is not defined. */
export function computeMetric(name: MetricName, ranked: RankedScores, threshold: number): number | undefined {
  const metric: Metric = metricRegistry[name];
  return undefinedReason(metric, ranked) === undefined ? metric.compute(ranked, threshold) : undefined;
}

/** A plain sentence why the metric has no value on this data; `undefined` when it has one. */
export function undefinedReason({ needs }: Metric, ranked: RankedScores): string | undefined {
  if (ranked.size === 0) return 'no functions were given';
  switch (needs) {
    case 'functions':
      return undefined;
    case 'vulnerable':
      return ranked.positives === 0 ? 'no function is labelled vulnerable' : undefined;
    case 'bothClasses':
      if (ranked.positives === 0) return 'no function is labelled vulnerable';
      return ranked.negatives === 0 ? 'every function is labelled vulnerable' : undefined;
    case 'probabilities':
      return areProbabilities(ranked)
        ? undefined
        : 'some scores lie outside [0, 1], so they are not probabilities';
  }
}
