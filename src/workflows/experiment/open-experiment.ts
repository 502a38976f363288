/** @file An experiment as it stands on disk: the table, its cells, where they lie, what they say; and the files it writes. */
import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import type { ExperimentTable } from '../../experiments/experiment-table.ts';
import { isAnyRun, type ResultTable, resultTable } from '../../experiments/result-table.ts';
import { tablePage } from '../../experiments/table-page.ts';
import { completeTable, readableTable, tableJson } from '../../experiments/table-text.ts';
import { csvTable, latexTable, markdownTable } from '../../report/table-formats.ts';
import { runPaths } from '../../runs/run-folder.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { cellStatus, type ReadCells } from './cell-state.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import { loadTable } from './load-table.ts';
import { type PlannedCell, planCells } from './plan-cells.ts';

export interface Experiment {
  readonly table: ExperimentTable;
  readonly planned: readonly PlannedCell[];
  /** The folder of all cells. */
  readonly cells: string;
  /** The folder of this table's files. */
  readonly out: string;
  /** The cells as they stand now. */
  readonly result: () => Promise<ResultTable>;
  /** Writes table.md, .csv, .tex, .json and .html of `result()`; a table that is there is not replaced by one without a cell that was run. */
  readonly write: () => Promise<ResultTable>;
}

/** Trains nothing and writes nothing. @throws VultuneError as `loadTable` */
export async function openExperiment(
  options: ExperimentOptions,
  given?: Partial<WorkflowContext>,
): Promise<Experiment> {
  const context = workflowContext(given);
  const loaded = loadTable(options);
  const { table } = loaded;
  const { runs = 'runs' } = options;
  const cells = join(runs, 'cells');
  const planned = await planCells(loaded, options, cells, context);
  const folder = [
    table.name,
    ...(table.scale === undefined ? [] : [table.scale]),
    ...(options.torch === undefined ? [] : ['torch']),
  ].join('-');
  const out = options.out ?? join(runs, 'tables', folder);
  const read: ReadCells = new Map();
  const result = async () =>
    resultTable(
      table,
      await Promise.all(planned.map((cell) => cellStatus(cells, cell, table.columns, read))),
    );
  return {
    table,
    planned,
    cells,
    out,
    result,
    async write() {
      const current = await result();
      // The table of other overrides lies in the same folder: asked without them, nothing has been run.
      if (isAnyRun(current) || !existsSync(join(out, 'table.json'))) writeTable(current, out, cells);
      return current;
    },
  };
}

/** The ending of each file, and what is in it. */
function writeTable(table: ResultTable, out: string, cells: string): void {
  const readable = readableTable(table);
  const linkOf = (id: string) => {
    const { report } = runPaths(join(cells, id));
    return existsSync(report)
      ? relative(out, report).split(sep).map(encodeURIComponent).join('/')
      : undefined;
  };
  const files = {
    md: markdownTable(readable),
    tex: latexTable(readable),
    csv: csvTable(completeTable(table)),
    json: `${JSON.stringify(tableJson(table), null, 2)}\n`,
    html: tablePage(table, { linkOf }),
  };
  for (const [ending, text] of Object.entries(files)) writeFileAtomic(join(out, `table.${ending}`), text);
}
