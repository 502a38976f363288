/** @file An evaluation as JSON: the model's figures, its baselines' beside them, what it does not beat. */
import type { Comparison, EvaluationRow } from '../../evaluation/compare-baselines.ts';
import { snakeMetrics } from './metric-names.ts';

const rowJson = ({ label, thresholdFrom, result, note }: EvaluationRow) => ({
  label,
  threshold: result.threshold,
  threshold_from: thresholdFrom,
  metrics: snakeMetrics(result.metrics),
  confusion: result.confusion,
  pairs: result.pairs ?? null,
  ...(note === undefined ? {} : { note }),
});

export function comparisonJson({ rows, shortfalls }: Comparison): Record<string, unknown> {
  const [model, ...baselines] = rows;
  const { n, positives } = model!.result;
  return {
    functions: n,
    vulnerable: positives,
    ...rowJson(model!),
    baselines: Object.fromEntries(baselines.map((row) => [row.name, rowJson(row)])),
    shortfalls: shortfalls.map(({ baseline, metric, sentence }) => ({ baseline, metric, sentence })),
  };
}
