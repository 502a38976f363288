/**
 * @file Shortfalls in a few sentences, one per baseline: what a screen or a page says of a model. Takes plain figures, so
 * that stored ones do as well as fresh ones.
 */
import { type Metric, type MetricName, metricNames, metricRegistry } from './metrics/registry.ts';
import type { Shortfall } from './shortfalls.ts';

export interface JudgedRow {
  /** `model` or a baseline's name. */
  readonly name: string;
  readonly label: string;
  readonly metrics: Readonly<Partial<Record<MetricName, number | null | undefined>>>;
}

export interface Verdict {
  readonly sentence: string;
  readonly good: boolean;
}

const COMPARED = metricNames.filter((name) => (metricRegistry[name] as Metric).role === 'compared');

/**
 * One sentence per baseline that is not beaten; one when all are; none without baselines. Where a metric has no value nothing is
 * beaten on it, and that comes first.
 * @param rows the model first
 */
export function verdicts(
  rows: readonly JudgedRow[],
  shortfalls: readonly Pick<Shortfall, 'baseline' | 'metric' | 'kind'>[],
): Verdict[] {
  const [model, ...baselines] = rows;
  if (model === undefined || baselines.length === 0) return [];
  const isDefined = (name: MetricName) => rows.every(({ metrics }) => Number.isFinite(metrics[name]));
  const undefinedOnes = COMPARED.filter((name) => !isDefined(name));
  const areUndefined = `${listed(undefinedOnes)} ${undefinedOnes.length === 1 ? 'is' : 'are'} not defined on these functions`;
  const notDefined =
    undefinedOnes.length === 0 ? [] : [`${areUndefined}, so the ${model.label} beats no baseline there.`];
  const lines = baselines.flatMap((row) => {
    const metricsOf = (kind: Shortfall['kind']) =>
      shortfalls
        .filter(({ baseline, kind: found }) => baseline === row.name && found === kind)
        .map(({ metric }) => metric)
        .filter(isDefined);
    const figures = (metrics: readonly MetricName[]) =>
      metrics
        .map((metric) => {
          const [mine, theirs] = [model.metrics[metric]!, row.metrics[metric]!];
          return `${metricRegistry[metric].label} ${mine.toFixed(2)} vs ${theirs.toFixed(2)}`;
        })
        .join(', ');
    const [worse, notBetter, unproven] = [metricsOf('worse'), metricsOf('notBetter'), metricsOf('unproven')];
    const noise = unproven.length === 0 ? [] : [`within noise on ${figures(unproven)}`];
    const [first, ...others] = [
      { words: 'worse', metrics: worse },
      { words: 'not better', metrics: notBetter },
    ].filter(({ metrics }) => metrics.length > 0);
    if (first === undefined) {
      return noise.map((words) => `The ${model.label} is not clearly better than ${row.label}: ${words}.`);
    }
    const relations = [
      `${first.words} than ${row.label} (${figures(first.metrics)})`,
      ...others.map(({ words, metrics }) => `${words} on ${figures(metrics)}`),
      ...noise,
    ];
    return [`The ${model.label} is ${relations.join('; ')}.`];
  });
  const all = [...notDefined, ...lines];
  if (all.length > 0) return all.map((sentence) => ({ sentence, good: false }));
  return [{ sentence: `The ${model.label} beats every baseline on ${listed(COMPARED)}.`, good: true }];
}

function listed(names: readonly MetricName[]): string {
  const labels = names.map((name) => metricRegistry[name].label);
  return labels.length < 2 ? labels.join('') : `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;
}
