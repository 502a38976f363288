/** @file Where a cell stands, from what lies on disk: its run folder, and the record beside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { type CellFailure, type CellKey, type CellRecord, cellRecordSchema } from '../../experiments/cell.ts';
import { type FinishedCell, readFinishedCell } from '../../experiments/cell-figures.ts';
import type { CellStatus } from '../../experiments/result-table.ts';
import { sliceFigures } from '../../experiments/slice-figures.ts';
import type { TableColumn } from '../../experiments/table-schema.ts';
import { isLocked } from '../../runs/lock.ts';
import { runPaths } from '../../runs/run-folder.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { failureOf, type PlannedCell } from './plan-cells.ts';

const MOST_RECORD_BYTES = 1 << 20;

const recordPath = (cells: string, id: string) => join(cells, `${id}.json`);

/** What is read of a finished run stays read: it does not change any more. */
export type ReadCells = Map<string, FinishedCell>;

export async function cellStatus(
  cells: string,
  planned: PlannedCell,
  columns: readonly TableColumn[],
  read: ReadCells,
): Promise<CellStatus> {
  const common = { row: planned.row.name, seed: planned.seed, id: planned.id };
  if (planned.failure !== undefined) return { ...common, state: 'failed', failure: planned.failure };
  try {
    const cell = finishedCell(cells, planned, read);
    if (cell !== undefined) {
      const { slice } = planned.row;
      const sliced = slice && (await sliceFigures(cell, slice, columns));
      return { ...common, state: 'finished', cell, sliced };
    }
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    if (error.code !== 'RUN_MISSING') return { ...common, state: 'failed', failure: failureOf(error) };
  }
  const paths = runPaths(join(cells, planned.id));
  if (isLocked(paths.lock)) return { ...common, state: 'running' };
  const failure = readRecord(cells, planned.id)?.failure;
  if (failure !== undefined) return { ...common, state: 'failed', failure };
  return { ...common, state: existsSync(paths.record) ? 'stopped' : 'not started' };
}

/** Undefined where it is not finished. Throws what `readFinishedCell` throws, and `EXPERIMENT_CELL_OTHER_DATA`. */
export function finishedCell(
  cells: string,
  { id, key }: Extract<PlannedCell, { readonly id: string }>,
  read: ReadCells,
): FinishedCell | undefined {
  const known = read.get(id);
  if (known !== undefined) return known;
  const cell = readFinishedCell(join(cells, id));
  if (cell === undefined) return undefined;
  requireSameData(cell, key, id);
  read.set(id, cell);
  return cell;
}

/** A folder of another table's making, or one that was copied here, may carry this name and hold another training. */
function requireSameData({ run }: FinishedCell, { data }: CellKey, id: string): void {
  const differing = Object.keys({ ...data, ...run.record.data }).find(
    (name) => run.record.data[name]?.sha256 !== data[name],
  );
  if (differing === undefined) return;
  throw new VultuneError(
    'EXPERIMENT_CELL_OTHER_DATA',
    `the run in the cell ${id} read another ${differing} than this table asks for`,
    { where: { file: run.paths.record, name: differing }, hint: `remove ${run.dir} to train the cell again` },
  );
}

/** Undefined where there is none, or none that can be read: it only remembers. */
function readRecord(cells: string, id: string): CellRecord | undefined {
  const path = recordPath(cells, id);
  if (!existsSync(path)) return undefined;
  return jsonOrUndefined(cellRecordSchema, readTextFile(path, MOST_RECORD_BYTES));
}

/** Says which training the folder `<id>` is, and how it failed where it did. */
export function writeRecord(cells: string, id: string, key: CellKey, failure?: CellFailure): void {
  const record = { formatVersion: 1, id, ...key, ...(failure === undefined ? {} : { failure }) };
  writeFileAtomic(recordPath(cells, id), `${JSON.stringify(record, null, 2)}\n`);
}
