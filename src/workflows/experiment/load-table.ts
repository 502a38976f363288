/** @file Reads the table that an experiment runs: a table file, or a training configuration with `seeds` and a sweep. */

import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import { MOST_CONFIG_BYTES } from '../../config/load.ts';
import { problemsError } from '../../config/problems.ts';
import { yamlSource } from '../../config/sources.ts';
import {
  checkTableValue,
  type ExperimentRow,
  type ExperimentTable,
  parseTable,
  tableOf,
} from '../../experiments/experiment-table.ts';
import { gridRows } from '../../experiments/grid-rows.ts';
import { withInitialRows } from '../../experiments/initial-rows.ts';
import { tablePath } from '../../experiments/shipped-files.ts';
import { parseSweeps } from '../../experiments/sweep.ts';
import type { Settings } from '../../experiments/table-schema.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import { torchDifference } from './torch-cells.ts';

export interface LoadedTable {
  readonly table: ExperimentTable;
  /** The keys of the base configuration. */
  readonly base: Settings;
  /** The file that relative paths of the configuration start from. */
  readonly file: string;
}

/** @throws VultuneError as `parseTable`, `parseSweeps`; `EXPERIMENT_UNKNOWN`, `EXPERIMENT_ONLY`; `FILE_...` */
export function loadTable(options: ExperimentOptions): LoadedTable {
  const file = tablePath(options.table);
  const text = readTextFile(file, MOST_CONFIG_BYTES);
  const read = parsed(text, file, options);
  const table = withRows(withOverridesSaid(read, options), options);
  if (typeof table.base !== 'string') return { table, base: table.base, file };
  const base = beside(table.base, file);
  return { table, base: readSettings(base), file: base };
}

function parsed(text: string, file: string, { scale }: ExperimentOptions): ExperimentTable {
  const { source, problems } = yamlSource(text, file);
  if (problems.length > 0) throw problemsError(problems);
  const isConfiguration =
    !('base' in source.value) && ('base_model' in source.value || 'train_file' in source.value);
  return isConfiguration ? ownTable(source.value, file, scale) : parseTable(text, file, scale);
}

/** A configuration of one's own: every metric that a paper would give, on the test file where there is one. */
function ownTable(value: Settings, file: string, scale: string | undefined): ExperimentTable {
  const { seeds, output_dir: _, ...base } = value;
  const on = typeof base.test_file === 'string' ? 'test' : 'valid';
  const name = basename(file);
  const given = checkTableValue(
    {
      title: `${name}`,
      base,
      ...(seeds === undefined ? (typeof base.seed === 'number' ? { seeds: [base.seed] } : {}) : { seeds }),
      columns: ['roc_auc', 'average_precision', 'f1'].map((metric) => ({ metric, on })),
      rows: [{ name: name.replace(/\.ya?ml$/i, '') }],
      curves: ['roc_auc'],
    },
    file,
  );
  return tableOf(given, file, scale);
}

/** A table must not be read as if its own settings alone had made it. */
function withOverridesSaid(
  table: ExperimentTable,
  { overrides = [], torch }: ExperimentOptions,
): ExperimentTable {
  const said = [
    ...(overrides.length === 0 ? [] : [`every cell is run with ${overrides.join(', ')}`]),
    ...(torch === undefined ? [] : [torchDifference(torch)]),
  ];
  return said.length === 0 ? table : { ...table, differences: [...table.differences, ...said] };
}

function withRows(
  table: ExperimentTable,
  { seeds, sweep = [], only = [] }: ExperimentOptions,
): ExperimentTable {
  const withSeeds = seeds === undefined ? table : { ...table, seeds };
  const swept = sweep.length === 0 ? withSeeds : { ...withSeeds, rows: sweptRows(table, sweep) };
  if (only.length === 0) return swept;
  const unknown = only.find((name) => !swept.rows.some((row) => isCalled(row, name)));
  if (unknown !== undefined) {
    throw new VultuneError('EXPERIMENT_ONLY', `the table has no row ${JSON.stringify(unknown)}`, {
      where: { name: '--only' },
      hint: `its rows: ${swept.rows
        .map(({ name }) => name)
        .slice(0, 20)
        .join('; ')}`,
    });
  }
  const isAsked = (row: ExperimentRow) => only.some((name) => isCalled(row, name));
  return { ...swept, rows: withInitialRows(swept.rows, isAsked) };
}

const isCalled = ({ name }: ExperimentRow, asked: string) => name.toLowerCase() === asked.toLowerCase();

/** Each row of the table with each combination; the paper has no cells for them. */
function sweptRows({ rows, columns }: ExperimentTable, sweep: readonly string[]): ExperimentRow[] {
  const grid = gridRows(parseSweeps(sweep));
  const paper = columns.map(() => null);
  return rows.flatMap((row) =>
    grid.map(({ name, set }) => ({
      ...row,
      name: rows.length === 1 ? name : `${row.name}, ${name}`,
      ...(row.init_from === undefined ? {} : { init_from: `${row.init_from}, ${name}` }),
      set: { ...row.set, ...set },
      paper,
    })),
  );
}

function beside(path: string, file: string): string {
  return isAbsolute(path) || existsSync(path) ? path : join(dirname(file), path);
}

function readSettings(file: string): Settings {
  const { source, problems } = yamlSource(readTextFile(file, MOST_CONFIG_BYTES), file);
  if (problems.length > 0) throw problemsError(problems);
  return source.value;
}
