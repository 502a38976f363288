/** @file What scores of the validation functions say of a checkpoint: its metrics, and the one that chooses the best. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import { decisiveValue, metricNamed, snakeMetrics } from '../../evaluation/metrics/metric-names.ts';
import { rankScores } from '../../evaluation/metrics/ranked-scores.ts';
import { computeMetrics } from '../../evaluation/metrics/registry.ts';
import type { ValidationResult } from '../../training/trainer.ts';
import type { TrainingPlan } from './setup.ts';

/** @param scores [records] */
export function judgeValidation(
  records: readonly LabelledRecord[],
  scores: Float64Array,
  metric: TrainingPlan['config']['metric_for_best_model'],
): ValidationResult {
  const ranked = rankScores(
    records.map(({ target }) => target),
    scores,
  );
  const { values } = computeMetrics(ranked, thresholdFor({ records, scores }));
  return {
    scores,
    metrics: snakeMetrics(values),
    decisive: decisiveValue(values, metricNamed(metric)),
    functions: records.length,
  };
}
