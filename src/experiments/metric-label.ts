/** @file What a column of an experiment is called, and which direction of it is better. */

import { snakeName } from '../evaluation/metrics/metric-names.ts';
import { metricNames, metricRegistry } from '../evaluation/metrics/registry.ts';
import { PROMPT_FIGURES, RUN_FIGURES, SLICE_FIGURES, type TableColumn } from './table-schema.ts';

const LABELS: Readonly<Record<string, string>> = {
  ...RUN_FIGURES,
  ...SLICE_FIGURES,
  ...PROMPT_FIGURES,
  ...Object.fromEntries(metricNames.map((name) => [snakeName(name), metricRegistry[name].label])),
};

/** `Validation ROC AUC`, or the label that the table gives. */
export function columnLabel({ metric, on, label }: TableColumn): string {
  if (label !== undefined) return label;
  const name = LABELS[metric] ?? metric;
  return isSplitMetric(metric) ? `${on === 'test' ? 'Test' : 'Validation'} ${name}` : name;
}

/** Whether the figure is a metric of a split, which baselines have too. */
export const isSplitMetric = (metric: string): boolean => METRIC_SET.has(metric);

const METRIC_SET = new Set<string>(metricNames.map(snakeName));

/** No interval leaves it: [0, 1] for most metrics, none for what counts or measures time. */
export function columnRange(metric: string): readonly [low: number, high: number] {
  if (!isSplitMetric(metric)) return [0, Number.POSITIVE_INFINITY];
  if (metric === 'mcc') return [-1, 1];
  return [0, metric === 'log_loss' ? Number.POSITIVE_INFINITY : 1];
}
