/** @file An evaluation as JSON: the model's figures, its baselines' beside them, what it does not beat, slices. */
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import { concludeComparison, conclusionText } from '../../evaluation/conclusion.ts';
import type { CweEvaluation } from '../../evaluation/cwe/evaluate-cwe.ts';
import type { EvaluationResult } from '../../evaluation/evaluate.ts';
import type { EvaluationRow } from '../../evaluation/evaluation-row.ts';
import { type FigureName, figureValue } from '../../evaluation/figures.ts';
import { snakeKeys, snakeMetrics } from '../../evaluation/metrics/metric-names.ts';
import type { Intervals } from '../../evaluation/resampling/intervals.ts';
import type { SliceResult } from '../../evaluation/slices/evaluate-slices.ts';

const resultJson = (result: EvaluationResult, intervals: Intervals | undefined) => ({
  metrics: snakeMetrics(result.metrics),
  undefined: snakeKeys(result.undefinedMetrics),
  cautions: snakeKeys(result.cautions),
  ...(intervals === undefined ? {} : { intervals: intervalsJson(intervals) }),
  confusion: result.confusion,
  pairs: result.pairs ?? null,
  /** Against its own fix, and against unrelated functions. */
  v2p: figureJson(result, intervals, 'pairRanking'),
  v2n: figureJson(result, intervals, 'unrelatedRanking'),
});

function figureJson(result: EvaluationResult, intervals: Intervals | undefined, name: FigureName) {
  const value = figureValue(result, name);
  if (value === undefined) return null;
  const interval = intervals?.[name];
  return { value, ...(interval === undefined ? {} : { low: interval.low, high: interval.high }) };
}

/** [low, high] by name. */
export const intervalsJson = (intervals: Intervals | CweEvaluation['intervals']) =>
  snakeKeys(
    Object.fromEntries(Object.entries(intervals).map(([name, { low, high }]) => [name, [low, high]])),
  );

const rowJson = ({ label, thresholdFrom, result, intervals, note, isUsed }: EvaluationRow) => ({
  label,
  threshold: result.threshold,
  threshold_from: thresholdFrom,
  ...resultJson(result, intervals),
  ...(note === undefined ? {} : { note }),
  ...(isUsed === undefined ? {} : { used: isUsed }),
});

export function comparisonJson(comparison: Comparison): Record<string, unknown> {
  const { rows, blend, shortfalls, bootstrap } = comparison;
  const [model, ...baselines] = rows;
  const { n, positives } = model!.result;
  return {
    verdict: conclusionText(concludeComparison(comparison)),
    functions: n,
    vulnerable: positives,
    ...rowJson(model!),
    ...(bootstrap === undefined ? {} : { bootstrap: bootstrapJson(bootstrap) }),
    baselines: Object.fromEntries(baselines.map((row) => [row.name, rowJson(row)])),
    ...(blend === undefined ? {} : { blend: rowJson(blend) }),
    shortfalls: shortfalls.map(({ baseline, metric, kind, sentence }) => ({
      baseline,
      metric,
      kind,
      sentence,
    })),
  };
}

/** How the intervals were drawn. */
export const bootstrapJson = (
  bootstrap: NonNullable<Comparison['bootstrap']> | CweEvaluation['bootstrap'],
) => ({
  resamples: bootstrap.resamples,
  cluster_by: bootstrap.clusterBy,
  clusters: bootstrap.clusters,
  few_clusters: bootstrap.fewClusters,
});

export function slicesJson(slices: readonly SliceResult[]): readonly Record<string, unknown>[] {
  return slices.map(({ dimension, name, result, intervals, right, wrong, tooSmall }) => ({
    dimension,
    name,
    functions: result.n,
    vulnerable: result.positives,
    right,
    wrong,
    ...resultJson(result, intervals),
    too_small: tooSmall ?? null,
  }));
}
