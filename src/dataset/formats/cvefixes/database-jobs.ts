/** @file What is asked of a CVEfixes database, as jobs for workers. */

import { languageOfPath } from '../../../source/languages.ts';
import { tellAlive } from '../../../workers/tell-alive.ts';
import type { WorkerJob, WorkerStream } from '../../../workers/worker-job.ts';
import type { FileChange } from '../../source.ts';
import { type Batch, inBatches } from '../foreign/batches.ts';
import { textOf } from '../published/cells.ts';
import { withDatabase } from './database.ts';
import type { LinkedDatabase } from './database-link.ts';
import { type Fix, hasFileContents, listFixes } from './fixes.ts';

const url = import.meta.url;

/** A larger source file is data or generated. In characters. */
const MAX_FILE_LENGTH = 5 * 2 ** 20;

export function namesOfTables(file: LinkedDatabase): readonly string[] {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
  return withDatabase(file, (database) => database.all(sql).map((row) => String(row.name)));
}

export const TABLE_NAMES_JOB: WorkerJob<LinkedDatabase, readonly string[]> = {
  url,
  name: 'namesOfTables',
  run: namesOfTables,
};

/** Whether the database was published with the files themselves. */
export function holdsFiles(file: LinkedDatabase): boolean {
  return withDatabase(file, hasFileContents);
}

export const HOLDS_FILES_JOB: WorkerJob<LinkedDatabase, boolean> = {
  url,
  name: 'holdsFiles',
  run: holdsFiles,
};

/** Every fix, in order; its progress, 0 to 1, as notes. */
export function fixBatches(file: LinkedDatabase): AsyncGenerator<Batch<Fix>> {
  return inBatches(
    async function* fixesOf({ tally }) {
      const { fixes, missing } = withDatabase(file, (database) => listFixes(database, tellAlive));
      if (missing > 0) tally.add('fix whose commit is not in the database', missing);
      yield* fixes;
    },
    ({ fileRows }) => 200 + 8 * fileRows.length,
  );
}

export const FIXES_JOB: WorkerStream<LinkedDatabase, Batch<Fix>> = {
  url,
  name: 'fixBatches',
  run: fixBatches,
};

export interface FileRow {
  readonly file: LinkedDatabase;
  readonly row: number;
}

/** A file before and after a fix, or why it is left out. */
export function changeOfRow({ file, row }: FileRow): FileChange | string {
  return withDatabase(file, (database) => {
    const names = database.prepare(
      'SELECT old_path, new_path, filename, change_type, length(code_before) AS before_length, ' +
        'length(code_after) AS after_length FROM file_change WHERE rowid = ?',
    );
    const change = fileNames(names([row]) ?? {});
    if (typeof change === 'string') return change;
    const contents = database.prepare('SELECT code_before, code_after FROM file_change WHERE rowid = ?');
    const code = contents([row]);
    return { ...change, before: sourceOf(code?.code_before), after: sourceOf(code?.code_after) };
  });
}

export const CHANGE_JOB: WorkerJob<FileRow, FileChange | string> = {
  url,
  name: 'changeOfRow',
  run: changeOfRow,
};

/** Where the file is and was; a reason for one that is not wanted: its text is never read. */
function fileNames(row: Readonly<Record<string, unknown>>): Pick<FileChange, 'path' | 'pathBefore'> | string {
  const [oldPath, newPath] = [textOf(row.old_path), textOf(row.new_path)];
  const path = (newPath ?? oldPath ?? textOf(row.filename) ?? '').replaceAll('\\', '/');
  const pathBefore = oldPath?.replaceAll('\\', '/');
  if (languageOfPath(path) === undefined) return 'file that is not source code';
  if (Math.max(Number(row.before_length ?? 0), Number(row.after_length ?? 0)) > MAX_FILE_LENGTH) {
    return 'file over the size limit';
  }
  return { path, ...(pathBefore === undefined || pathBefore === path ? {} : { pathBefore }) };
}

/** Python's None comes as NULL or as its name. */
function sourceOf(value: unknown): string | undefined {
  return typeof value !== 'string' || value === 'None' ? undefined : value;
}
