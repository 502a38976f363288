/** @file A table and its cells as far as they are run → every figure that its outputs show. The order is the table's own. */

import type { CellFailure } from './cell.ts';
import {
  baselineFigures,
  cellCurve,
  cellFigure,
  type FinishedCell,
  TABLE_BASELINES,
} from './cell-figures.ts';
import type { ExperimentRow, ExperimentTable } from './experiment-table.ts';
import { columnLabel, columnRange } from './metric-label.ts';
import { type CellFigure, type Summary, summarise } from './summary.ts';
import type { PaperCell, TableColumn } from './table-schema.ts';
import { type PairVerdict, pairVerdicts, verdictText } from './verdicts.ts';

export type CellState = 'finished' | 'failed' | 'stopped' | 'running' | 'not started';

/** A row at a seed. */
export interface CellStatus {
  readonly row: string;
  readonly seed: number;
  /** Undefined where the configuration or its data cannot be read, so that there is nothing to name. */
  readonly id: string | undefined;
  readonly state: CellState;
  readonly failure?: CellFailure | undefined;
  /** Where the state is `finished`. */
  readonly cell?: FinishedCell | undefined;
  /** Figures over the row's slice, by column; in place of those of the whole split. */
  readonly sliced?: readonly (CellFigure | undefined)[] | undefined;
}

export interface ResultRow {
  readonly name: string;
  readonly paper: readonly PaperCell[];
  readonly ours: readonly (Summary | undefined)[];
  readonly seeds: { readonly done: number; readonly asked: number };
  readonly note: string;
  readonly cells: readonly Omit<CellStatus, 'cell' | 'sliced'>[];
}

export interface BaselineRow {
  readonly label: string;
  readonly figures: readonly (CellFigure | undefined)[];
}

export interface ResultColumn extends Pick<TableColumn, 'metric' | 'on'> {
  readonly label: string;
  /** Undefined without a pair of rows to judge. */
  readonly verdict: string | undefined;
  readonly pairs: readonly PairVerdict[];
}

export interface ResultCurve {
  readonly metric: string;
  readonly series: readonly {
    readonly label: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

export interface ResultTable {
  readonly name: string;
  readonly title: string;
  readonly source: string | undefined;
  readonly question: string | undefined;
  readonly scale: string | undefined;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly ResultRow[];
  readonly baselines: readonly BaselineRow[];
  readonly differences: readonly string[];
  readonly curves: readonly ResultCurve[];
}

/** Whether a cell was begun: without one, a table says nothing that the paper's does not. */
export const isAnyRun = ({ rows }: ResultTable): boolean =>
  rows.some(({ cells }) => cells.some(({ id, state }) => id !== undefined && state !== 'not started'));

export function resultTable(table: ExperimentTable, cells: readonly CellStatus[]): ResultTable {
  const rows = table.rows.map((row) =>
    resultRow(
      table,
      row,
      cells.filter((cell) => cell.row === row.name),
    ),
  );
  return {
    name: table.name,
    title: table.title,
    source: table.source,
    question: table.question,
    scale: table.scale,
    columns: table.columns.map((column, i) => resultColumn(column, i, rows)),
    rows,
    baselines: baselineRows(table, cells),
    differences: table.differences,
    curves: table.curves.map((metric) => ({
      metric,
      series: cells.flatMap(({ row, seed, cell }) =>
        cell === undefined ? [] : [{ label: `${row}, seed ${seed}`, points: cellCurve(cell, metric) }],
      ),
    })),
  };
}

function resultRow(
  { columns }: ExperimentTable,
  { name, paper, not_run, note }: ExperimentRow,
  cells: readonly CellStatus[],
): ResultRow {
  const ours = columns.map((column, i) =>
    summarise(
      cells.flatMap(({ cell, sliced }) => {
        const figure = sliced === undefined ? cell && cellFigure(cell, column) : sliced[i];
        return figure === undefined ? [] : [figure];
      }),
      columnRange(column.metric),
    ),
  );
  const done = cells.filter(({ state }) => state === 'finished').length;
  return {
    name,
    paper,
    ours,
    seeds: { done, asked: cells.length },
    note: [not_run, note, failureNote(cells)].filter((part) => part !== undefined).join('; '),
    cells: cells.map(({ row, seed, id, state, failure }) => ({ row, seed, id, state, failure })),
  };
}

/** Seeds that failed alike are named together. */
function failureNote(cells: readonly CellStatus[]): string | undefined {
  const byMessage = new Map<string, number[]>();
  for (const { seed, failure } of cells) {
    if (failure === undefined) continue;
    byMessage.set(failure.message, [...(byMessage.get(failure.message) ?? []), seed]);
  }
  if (byMessage.size === 0) return undefined;
  return [...byMessage]
    .map(([message, seeds]) => `failed (seed ${seeds.join(', ')}): ${message.split('\n')[0]}`)
    .join('; ');
}

function resultColumn(column: TableColumn, index: number, rows: readonly ResultRow[]): ResultColumn {
  const pairs = pairVerdicts(
    rows.map(({ name, paper, ours }) => ({ name, paper: paperNumber(paper[index]), ours: ours[index] })),
  );
  return {
    metric: column.metric,
    on: column.on,
    label: columnLabel(column),
    verdict: verdictText(pairs),
    pairs,
  };
}

/** `0.340` as a number; undefined for null and for what the paper leaves open. */
export function paperNumber(cell: PaperCell | undefined): number | undefined {
  const value = typeof cell === 'string' && cell.trim() !== '' ? Number(cell) : cell;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

const BASELINE_LABELS: Readonly<Record<(typeof TABLE_BASELINES)[number], string>> = {
  allPositive: 'All positive',
  lengthOnly: 'Length only',
  tfidfLogisticRegression: 'TF-IDF',
};

/** They depend on the data alone: once for each set of files that the table's rows read. */
function baselineRows({ columns }: ExperimentTable, cells: readonly CellStatus[]): BaselineRow[] {
  const byData = new Map<string, FinishedCell>();
  for (const { cell } of cells) {
    if (cell === undefined) continue;
    const key = Object.values(cell.run.record.data)
      .map(({ sha256 }) => sha256)
      .join(' ');
    if (!byData.has(key)) byData.set(key, cell);
  }
  const rowsOf = (cell: FinishedCell | undefined, suffix: string): BaselineRow[] => {
    const figures = columns.map((column) =>
      cell === undefined ? TABLE_BASELINES.map(() => undefined) : baselineFigures(cell, column),
    );
    return TABLE_BASELINES.map((name, b) => ({
      label: `${BASELINE_LABELS[name]}${suffix}`,
      figures: figures.map((ofColumn) => ofColumn[b]),
    }));
  };
  if (byData.size <= 1) return rowsOf([...byData.values()][0], '');
  return [...byData.values()].flatMap((cell) => rowsOf(cell, ` (${shortData(cell)})`));
}

/** The folder and name of the training file: which data it is. */
const shortData = ({ run }: FinishedCell) =>
  run.record.data.train_file?.path.split(/[\\/]/).slice(-2).join('/') ?? 'other data';
