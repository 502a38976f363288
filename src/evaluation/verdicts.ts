/**
 * @file Shortfalls in a few sentences, one a baseline: what a screen or a page says of a model. Takes plain figures, so
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
 * One sentence a baseline that is not beaten; one when all are; none without baselines.
 * @param rows the model first
 */
export function verdicts(
  rows: readonly JudgedRow[],
  shortfalls: readonly Pick<Shortfall, 'baseline' | 'metric' | 'kind'>[],
): Verdict[] {
  const [model, ...baselines] = rows;
  if (model === undefined || baselines.length === 0) return [];
  const figure = (row: JudgedRow, name: MetricName) => row.metrics[name]?.toFixed(2) ?? '–';
  const lines = baselines.flatMap((row) => {
    const list = (kind: Shortfall['kind']) =>
      shortfalls
        .filter((shortfall) => shortfall.baseline === row.name && shortfall.kind === kind)
        .map(
          ({ metric }) =>
            `${metricRegistry[metric].label} ${figure(model, metric)} to its ${figure(row, metric)}`,
        )
        .join(', ');
    const [worse, unproven] = [list('notBetter'), list('unproven')];
    if (worse === '') return unproven === '' ? [] : [`is not shown to beat ${row.label}: ${unproven}`];
    const noise = unproven === '' ? '' : `; not shown to on ${unproven}`;
    return [`does not beat ${row.label} on ${worse}${noise}`];
  });
  if (lines.length > 0) {
    return lines.map((line) => ({ sentence: `The ${model.label} ${line}.`, good: false }));
  }
  const labels = COMPARED.map((name) => metricRegistry[name].label);
  const listed = `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;
  return [{ sentence: `The ${model.label} beats every baseline on ${listed}.`, good: true }];
}
