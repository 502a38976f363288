/**
 * @file A comparison as cells of text. The metric registry decides the columns; widths, colours and borders are
 * the command line's.
 */
import type { EvaluationRow } from './evaluation-row.ts';
import { type Metric, type MetricName, metricNames, metricRegistry } from './metrics/registry.ts';
import { pairOutcomes } from './pairs.ts';

export interface TableColumn {
  /** A metric's name, or an outcome of pairs (`P-C`). */
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
}

/** Stands where a metric is not defined. */
const MISSING = '–';

export function formatTable(
  rows: readonly EvaluationRow[],
  { digits = 3, columns = 'shown' }: FormatOptions = {},
): FormattedTable {
  const names = metricNames.filter((name) => columns === 'all' || metricRegistry[name].role !== 'stored');
  const outcomes = rows.some((row) => row.result.pairs !== undefined) ? pairOutcomes : [];
  return {
    columns: [
      ...names.map((name): TableColumn => {
        const { label, better }: Metric = metricRegistry[name];
        return { key: name, label, better };
      }),
      ...outcomes.map(
        (key): TableColumn => ({ key, label: key, better: key === 'P-C' ? 'higher' : 'lower' }),
      ),
    ],
    rows: rows.map(({ name, label, result }) => ({
      name,
      label,
      cells: [
        ...names.map((metric) => result.metrics[metric]?.toFixed(digits) ?? MISSING),
        ...outcomes.map((outcome) => percent(result.pairs?.fractions?.[outcome])),
      ],
    })),
    notes: [...rows.flatMap(rowNotes), ...undefinedNotes(rows, names), ...pairNotes(rows)],
  };
}

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
