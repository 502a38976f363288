/** @file Where a model is not better than a baseline, in sentences: shown to be worse, not better, or better only within noise. */
import type { EvaluationRow } from './evaluation-row.ts';
import { type Metric, type MetricName, metricNames, metricRegistry } from './metrics/registry.ts';
import { pairedDifference, type Replicates } from './resampling/intervals.ts';

/**
 * `worse`: the model's figure is worse, and the interval of the difference says so too. `notBetter`: it is not better, and these
 * functions do not tell more. `unproven`: it is better on these functions, but resamples of them often disagree, or they are too few
 * to tell. `undefined`: the metric has no value on these functions, so nothing is shown.
 */
export const SHORTFALL_KINDS = ['worse', 'notBetter', 'unproven', 'undefined'] as const;

/** One metric on which the model is not shown to be better than a baseline. */
export interface Shortfall {
  readonly baseline: string;
  readonly metric: MetricName;
  readonly kind: (typeof SHORTFALL_KINDS)[number];
  /** "The model does not beat length only on ROC AUC: 0.58 < 0.61." */
  readonly sentence: string;
}

/** With fewer functions of either class, being better on them proves nothing: one more function may reverse it. */
export const LEAST_OF_A_CLASS = 10;

/** Why functions are too few to say that one model is better than another; undefined where they are enough. */
export function tooFewToTell(positives: number, n: number): string | undefined {
  const negatives = n - positives;
  if (Math.min(positives, negatives) >= LEAST_OF_A_CLASS) return undefined;
  return `${positives} vulnerable and ${negatives} other functions are too few to tell`;
}

export interface Replicated {
  readonly row: EvaluationRow;
  /** Without them only the figures themselves are compared. */
  readonly replicates?: Replicates | undefined;
}

/** By the paired bootstrap where both have replicates (of the same resamples). What is not shown is a shortfall. */
export function shortfallsAgainst(model: Replicated, baseline: Replicated): Shortfall[] {
  const { result } = model.row;
  const tooFew = tooFewToTell(result.positives, result.n);
  return metricNames.flatMap((name): Shortfall[] => {
    const metric: Metric = metricRegistry[name];
    if (metric.role !== 'compared') return [];
    const [mine, theirs] = [result.metrics[name], baseline.row.result.metrics[name]];
    const about = { baseline: baseline.row.name, metric: name };
    const on = `${baseline.row.label} on ${metric.label}`;
    const unproven = (why: string): Shortfall[] => [
      { ...about, kind: 'unproven', sentence: `The ${model.row.label} is not shown to beat ${on}: ${why}.` },
    ];
    if (!Number.isFinite(mine) || !Number.isFinite(theirs)) {
      const reason = result.undefinedMetrics[name] ?? baseline.row.result.undefinedMetrics[name];
      const why = `it is not defined${reason === undefined ? '' : `, ${reason}`}`;
      return [
        {
          ...about,
          kind: 'undefined',
          sentence: `The ${model.row.label} is not shown to beat ${on}: ${why}.`,
        },
      ];
    }
    const sign = metric.better === 'higher' ? 1 : -1;
    const figures = comparison(mine!, theirs!);
    const isBetter = sign * mine! > sign * theirs!;
    const notBetter = (): Shortfall[] => [
      { ...about, kind: 'notBetter', sentence: `The ${model.row.label} does not beat ${on}: ${figures}.` },
    ];
    if (tooFew !== undefined) return isBetter ? unproven(`${figures}, ${tooFew}`) : notBetter();
    const [a, b] = [model.replicates?.get(name), baseline.replicates?.get(name)];
    if (a === undefined || b === undefined) return isBetter ? [] : notBetter();
    const difference = pairedDifference(a, b);
    if (difference === undefined) {
      return isBetter ? unproven(`${figures}, most resamples of the functions have no value`) : notBetter();
    }
    const { low, high } = difference.interval;
    const range = `${figures}, difference 95% ${signed(low)} to ${signed(high)}`;
    if (isBetter) return (sign === 1 ? low > 0 : high < 0) ? [] : unproven(range);
    if (sign === 1 ? high >= 0 : low <= 0) return notBetter();
    return [{ ...about, kind: 'worse', sentence: `The ${model.row.label} is worse than ${on}: ${range}.` }];
  });
}

/** Two digits, or as many as it takes to show that the two differ (four at most). */
function comparison(a: number, b: number): string {
  const digits = [2, 3, 4].find((count) => a.toFixed(count) !== b.toFixed(count)) ?? (a === b ? 2 : 4);
  const relation = a === b ? '=' : a < b ? '<' : '>';
  return `${a.toFixed(digits)} ${relation} ${b.toFixed(digits)}`;
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
