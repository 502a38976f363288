/** @file Where a model is no better than a baseline, in sentences: worse outright, or better by no more than noise. */
import type { EvaluationRow } from './compare-baselines.ts';
import { type Metric, type MetricName, metricNames, metricRegistry } from './metrics/registry.ts';
import { pairedDifference, type Replicates } from './resampling/intervals.ts';

/** One metric on which the model is no better than a baseline, or not shown to be. */
export interface Shortfall {
  readonly baseline: string;
  readonly metric: MetricName;
  /** `unproven`: it is better on these functions, and resamples of them often say otherwise. */
  readonly kind: 'notBetter' | 'unproven';
  /** "The model does not beat length only on ROC AUC: 0.58 < 0.61." */
  readonly sentence: string;
}

export interface Replicated {
  readonly row: EvaluationRow;
  /** Without them only the figures themselves are compared. */
  readonly replicates?: Replicates | undefined;
}

/** By the paired bootstrap where both have replicates (of the same resamples). */
export function shortfallsAgainst(model: Replicated, baseline: Replicated): Shortfall[] {
  return metricNames.flatMap((name): Shortfall[] => {
    const metric: Metric = metricRegistry[name];
    const [mine, theirs] = [model.row.result.metrics[name], baseline.row.result.metrics[name]];
    if (metric.role !== 'compared' || mine === undefined || theirs === undefined) return [];
    const sign = metric.better === 'higher' ? 1 : -1;
    const about = { baseline: baseline.row.name, metric: name };
    const figures = comparison(mine, theirs);
    if (sign * mine <= sign * theirs) {
      const sentence = `The ${model.row.label} does not beat ${baseline.row.label} on ${metric.label}: ${figures}.`;
      return [{ ...about, kind: 'notBetter', sentence }];
    }
    const [a, b] = [model.replicates?.get(name), baseline.replicates?.get(name)];
    const difference = a === undefined || b === undefined ? undefined : pairedDifference(a, b);
    if (difference === undefined) return [];
    const { low, high } = difference.interval;
    if (sign === 1 ? low > 0 : high < 0) return [];
    const range = `95% ${signed(low)} to ${signed(high)}`;
    const sentence = `The ${model.row.label} is not shown to beat ${baseline.row.label} on ${metric.label}: ${figures}, difference ${range}.`;
    return [{ ...about, kind: 'unproven', sentence }];
  });
}

/** Two digits, or as many as it takes to show that the two differ (four at most). */
function comparison(a: number, b: number): string {
  const digits = [2, 3, 4].find((count) => a.toFixed(count) !== b.toFixed(count)) ?? (a === b ? 2 : 4);
  const relation = a === b ? '=' : a < b ? '<' : '>';
  return `${a.toFixed(digits)} ${relation} ${b.toFixed(digits)}`;
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
