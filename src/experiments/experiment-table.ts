/**
 * @file A table file as text → the table that is run: rows with those of the grid, the paper's cells beside them, at a scale.
 * Reads no other file and computes nothing.
 */
import { basename } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { problemsError } from '../config/problems.ts';
import { schemaProblems } from '../config/schema-problems.ts';
import { type Source, yamlSource } from '../config/sources.ts';
import { jsonSchemaOf } from '../schema/json-schema.ts';
import { gridRows } from './grid-rows.ts';
import { requireInitialRows } from './initial-rows.ts';
import { columnLabel, isSplitMetric } from './metric-label.ts';
import {
  type PaperCell,
  type Settings,
  type TableColumn,
  type TableFile,
  type TableRow,
  tableSchema,
} from './table-schema.ts';

export interface ExperimentRow extends Omit<TableRow, 'paper' | 'scale'> {
  /** Overrides of the scale and of the row, in this order; the seed and the folder are the cell's. */
  readonly set: Settings;
  /** One a column; null where the paper has none. */
  readonly paper: readonly PaperCell[];
}

export interface ExperimentTable {
  /** Names the folder of its results: one path component. */
  readonly name: string;
  readonly title: string;
  readonly source: string | undefined;
  readonly question: string | undefined;
  /** A path as written in the file, or the keys themselves. */
  readonly base: string | Settings;
  readonly seeds: readonly number[];
  readonly columns: readonly TableColumn[];
  readonly rows: readonly ExperimentRow[];
  readonly scale: string | undefined;
  /** The scales that the file has. */
  readonly scales: readonly string[];
  readonly differences: readonly string[];
  readonly curves: readonly string[];
}

const LISTING =
  'the keys of a table: title, source, question, base, seeds, columns, rows, grid, paper, scale, differences, curves';

/**
 * @param file named in errors; its last part without the ending is the table's name
 * @throws VultuneError `CONFIG_...` for YAML and keys, `EXPERIMENT_PAPER_ROW`, `EXPERIMENT_PAPER_CELLS`, `EXPERIMENT_ROWS`,
 * `EXPERIMENT_INIT_FROM`, `EXPERIMENT_SCALE`
 */
export function parseTable(text: string, file: string, scale?: string): ExperimentTable {
  const { source, problems } = yamlSource(text, file);
  if (problems.length > 0) throw problemsError(problems, LISTING);
  return tableOf(checkedTable(source), file, scale);
}

function checkedTable(source: Source): TableFile {
  const result = tableSchema.safeParse(source.value);
  if (result.success) return result.data;
  const described = { schema: jsonSchemaOf(tableSchema), listing: LISTING };
  throw problemsError(schemaProblems(result.error.issues, source, described), LISTING);
}

/** A table that a program put together. @throws VultuneError as `parseTable` */
export const checkTableValue = (value: Settings, file: string): TableFile =>
  checkedTable({ value, placeOf: () => ({ file }) });

/** The table at a scale, its rows complete. */
export function tableOf(given: TableFile, file: string, scale: string | undefined): ExperimentTable {
  const chosen = scaleOf(given, file, scale);
  const rows = [...given.rows, ...gridRows(given.grid)];
  requireRowScales(given, file);
  requireRows(rows, file);
  requirePaperRows(given, rows, file);
  requireInitialRows(rows, file);
  return {
    name: basename(file).replace(/\.ya?ml$/i, ''),
    title: given.title,
    source: given.source,
    question: given.question,
    base: given.base,
    seeds: chosen?.seeds ?? given.seeds,
    columns: given.columns.map((column) => columnAt(column, chosen?.on)),
    rows: rows.map(({ scale: ofScales, paper, ...row }) => ({
      ...row,
      set: { ...chosen?.set, ...row.set, ...(scale === undefined ? {} : ofScales[scale]) },
      paper: paperCells(row.name, paper ?? given.paper?.[row.name], given.columns.length, file),
    })),
    scale,
    scales: Object.keys(given.scale),
    differences: [...given.differences, ...(chosen?.differences ?? [])],
    curves: given.curves,
  };
}

/** Where a scale measures another split than the paper, the heading keeps the paper's and says so. */
function columnAt(column: TableColumn, on: TableColumn['on'] | undefined): TableColumn {
  if (on === undefined || on === column.on || !isSplitMetric(column.metric)) return column;
  const where = on === 'valid' ? 'validation' : 'test';
  return { ...column, on, label: `${columnLabel(column)} (ours: ${where})` };
}

function scaleOf(given: TableFile, file: string, scale: string | undefined) {
  if (scale === undefined) return undefined;
  if (Object.hasOwn(given.scale, scale)) return given.scale[scale];
  throw scaleError(`${file} has no scale ${scale}`, given.scale, file);
}

function scaleError(message: string, scales: TableFile['scale'], file: string): VultuneError {
  const names = Object.keys(scales);
  return new VultuneError('EXPERIMENT_SCALE', message, {
    where: { file, name: 'scale' },
    hint: names.length === 0 ? 'the table has none: leave it out' : `its scales: ${names.join(', ')}`,
  });
}

/** Settings for a scale that the table does not have would never be used, and the row would be run with others than it says. */
function requireRowScales({ rows, scale }: TableFile, file: string): void {
  for (const row of rows) {
    const unknown = Object.keys(row.scale).find((name) => !Object.hasOwn(scale, name));
    if (unknown !== undefined) {
      throw scaleError(
        `the row ${JSON.stringify(row.name)} has settings for a scale ${unknown}, which the table does not have`,
        scale,
        file,
      );
    }
  }
}

/** A name is how a row is asked for and how the paper's cells are put beside it. */
function requireRows(rows: readonly TableRow[], file: string): void {
  if (rows.length === 0) {
    throw new VultuneError('EXPERIMENT_ROWS', 'the table has no rows, expected rows or a grid', {
      where: { file, name: 'rows' },
    });
  }
  const names = rows.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new VultuneError('EXPERIMENT_ROWS', `two rows are called ${JSON.stringify(twice)}`, {
    where: { file, name: 'rows' },
    hint: 'give each row a name of its own',
  });
}

function requirePaperRows({ paper = {} }: TableFile, rows: readonly TableRow[], file: string): void {
  for (const name of Object.keys(paper)) {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) {
      throw new VultuneError(
        'EXPERIMENT_PAPER_ROW',
        `the paper has cells for ${JSON.stringify(name)}, which is not a row`,
        {
          where: { file, name: `paper.${name}` },
          hint: `the rows: ${rows
            .map((one) => one.name)
            .slice(0, 20)
            .join('; ')}`,
        },
      );
    }
    if (row.paper === undefined) continue;
    throw new VultuneError(
      'EXPERIMENT_PAPER_ROW',
      `the row ${JSON.stringify(name)} has the paper's cells twice`,
      {
        where: { file, name: `paper.${name}` },
      },
    );
  }
}

function paperCells(
  name: string,
  cells: readonly PaperCell[] | undefined,
  columns: number,
  file: string,
): readonly PaperCell[] {
  if (cells === undefined) return Array.from({ length: columns }, () => null);
  if (cells.length === columns) return cells;
  throw new VultuneError(
    'EXPERIMENT_PAPER_CELLS',
    `the row ${JSON.stringify(name)} has ${cells.length} cells of the paper, expected one for each of the ${columns} columns`,
    { where: { file, name: 'paper' }, hint: 'write null where the paper has no number' },
  );
}
