/**
 * @file A comparison as cells of text. The metric registry decides the columns; widths, colours and borders are
 * the command line's.
 */
import type { EvaluationRow } from './evaluation-row.ts';
import { type FigureName, figureHeading, figureValue } from './figures.ts';
import { type Metric, type MetricName, metricNames, metricRegistry } from './metrics/registry.ts';
import { pairOutcomes } from './pairs.ts';
import type { Interval, Intervals } from './resampling/intervals.ts';

export interface TableColumn {
  /** A figure's name: `rocAuc`, `P-C`, `pairRanking`. */
  readonly key: string;
  readonly label: string;
  readonly better: 'higher' | 'lower';
}

export interface FormattedTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly {
    readonly name: string;
    readonly label: string;
    readonly cells: readonly string[];
  }[];
  /** Footnotes: what the baselines chose, what is not defined and why, pairs that could not be judged. */
  readonly notes: readonly string[];
}

export interface FormatOptions {
  /** Decimals of a metric (default 3). */
  readonly digits?: number;
  /** `shown` (default): the ordinary columns; `all`: every metric of the registry. */
  readonly columns?: 'shown' | 'all';
  /** Whether a cell has the 95 % interval behind its figure, where there is one (default false). */
  readonly withIntervals?: boolean;
}

/** Stands where a metric is not defined. */
const MISSING = '–';

export function formatTable(
  rows: readonly EvaluationRow[],
  { digits = 3, columns = 'shown', withIntervals = false }: FormatOptions = {},
): FormattedTable {
  const names = metricNames.filter((name) => columns === 'all' || metricRegistry[name].role !== 'stored');
  const outcomes = rows.some((row) => row.result.pairs !== undefined) ? pairOutcomes : [];
  const rankings = RANKINGS.filter((name) =>
    rows.some(({ result }) => figureValue(result, name) !== undefined),
  );
  const of = (intervals: Intervals | undefined, name: FigureName) =>
    withIntervals ? intervals?.[name] : undefined;
  return {
    columns: [
      ...names.map((name): TableColumn => {
        const { label, better }: Metric = metricRegistry[name];
        return { key: name, label, better };
      }),
      ...outcomes.map(
        (key): TableColumn => ({ key, label: key, better: key === 'P-C' ? 'higher' : 'lower' }),
      ),
      ...rankings.map((key): TableColumn => ({ key, ...figureHeading(key) })),
    ],
    rows: rows.map(({ name, label, result, intervals }) => ({
      name,
      label,
      cells: [
        ...names.map((metric) => figureCell(result.metrics[metric]?.toFixed(digits), of(intervals, metric))),
        ...outcomes.map((outcome) =>
          figureCell(percent(result.pairs?.fractions?.[outcome]), of(intervals, outcome), wholePercent),
        ),
        ...rankings.map((name) =>
          figureCell(figureValue(result, name)?.toFixed(digits), of(intervals, name)),
        ),
      ],
    })),
    notes: [...rows.flatMap(rowNotes), ...undefinedNotes(rows, names), ...pairNotes(rows)],
  };
}

/** Two digits, which is more than intervals of a few hundred functions are known to. */
export function figureCell(
  value: string | undefined,
  interval: Pick<Interval, 'low' | 'high'> | undefined,
  written = (end: number) => end.toFixed(2),
): string {
  if (value === undefined || interval === undefined) return value ?? MISSING;
  return `${value} (${written(interval.low)}–${written(interval.high)})`;
}

const wholePercent = (share: number) => `${Math.round(100 * share)}%`;

/** Against its own fix, and against unrelated functions: beside one another wherever they stand. */
const RANKINGS = ['pairRanking', 'unrelatedRanking'] as const satisfies readonly FigureName[];

const percent = (fraction: number | undefined) =>
  fraction === undefined ? MISSING : `${(100 * fraction).toFixed(1)}%`;

function rowNotes({ label, note, thresholdFrom }: EvaluationRow): string[] {
  const parts = note === undefined ? [] : [note];
  if (thresholdFrom === 'training') parts.push('threshold chosen on the training functions');
  return parts.length === 0 ? [] : [`${label}: ${parts.join('; ')}`];
}

/** One line per reason: "ROC AUC, AP not defined: every function is labelled vulnerable". */
function undefinedNotes(rows: readonly EvaluationRow[], names: readonly MetricName[]): string[] {
  const byReason = new Map<string, Set<string>>();
  for (const { result } of rows) {
    for (const name of names) {
      const reason = result.undefinedMetrics[name];
      if (reason === undefined) continue;
      byReason.set(reason, (byReason.get(reason) ?? new Set()).add(metricRegistry[name].label));
    }
  }
  return [...byReason].map(([reason, labels]) => `${[...labels].join(', ')} not defined: ${reason}`);
}

function pairNotes(rows: readonly EvaluationRow[]): string[] {
  // The pairs are those of the test data: the same in every row.
  const pairs = rows[0]?.result.pairs;
  if (pairs === undefined) return [];
  const left = pairs.incomplete === 0 ? '' : `; ${pairs.incomplete} incomplete, not judged`;
  return [`pairs: ${pairs.complete} of a vulnerable function and its fix${left}`];
}
