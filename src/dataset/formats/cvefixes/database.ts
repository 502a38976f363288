/**
 * @file An SQLite file opened for reading, page by page, wherever it lies. Knows SQL's rows, not what they mean.
 */
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sqlite, { type Database as Sqlite } from 'node-sqlite3-wasm';
import { VultuneError } from '../../../base/errors.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface ReadOnlyDatabase {
  /** All rows at once, for small answers. @throws VultuneError `DATASET_SQLITE_BROKEN`. */
  all(sql: string, values?: readonly (string | number)[]): readonly Row[];
  /** One row after another; to be read to its end or returned early before the next query ends. */
  iterate(sql: string): IterableIterator<Row>;
  /** A query that is asked many times. */
  prepare(sql: string): (values: readonly (string | number)[]) => Row | undefined;
  close(): void;
}

/** @throws VultuneError `DATASET_FILE_MISSING`, `DATASET_SQLITE_BROKEN`. */
export function openDatabase(path: string): ReadOnlyDatabase {
  if (!existsSync(path)) {
    throw new VultuneError('DATASET_FILE_MISSING', `there is no database ${path}`, { where: { file: path } });
  }
  // The library keeps its lock beside the file. A link elsewhere lets it read where nothing may be written, and
  // past the lock that a killed process left.
  const linkFolder = mkdtempSync(join(tmpdir(), 'vultune-sqlite-'));
  const removeLink = () => rmSync(linkFolder, { recursive: true, force: true });
  let opened = path;
  try {
    symlinkSync(resolve(path), join(linkFolder, 'read.db'));
    opened = join(linkFolder, 'read.db');
  } catch {
    // No links here (Windows without the right): the file's own folder will do.
  }
  let database: Sqlite;
  try {
    database = new sqlite.Database(opened, { readOnly: true, fileMustExist: true });
  } catch (error) {
    removeLink();
    throw broken(path, error);
  }
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw broken(path, error);
    }
  };
  const statements: { finalize(): void }[] = [];
  return {
    all: (sql, values = []) => guarded(() => database.all(sql, [...values]) as Row[]),
    *iterate(sql) {
      const statement = guarded(() => database.prepare(sql));
      try {
        const rows = statement.iterate() as IterableIterator<Row>;
        for (let next = guarded(() => rows.next()); next.done !== true; next = guarded(() => rows.next())) {
          yield next.value;
        }
      } finally {
        statement.finalize();
      }
    },
    prepare(sql) {
      const statement = guarded(() => database.prepare(sql));
      statements.push(statement);
      return (values) => guarded(() => (statement.get([...values]) ?? undefined) as Row | undefined);
    },
    close() {
      for (const statement of statements) statement.finalize();
      database.close();
      removeLink();
    },
  };
}

/** Rows between two turns for all else: Ctrl-C and the progress line. */
const ROWS_A_TURN = 1000;

/** As `iterate`, for a long answer. @throws VultuneError `DATASET_SQLITE_BROKEN`; the signal's reason. */
export async function* rowsInTurns(
  database: ReadOnlyDatabase,
  sql: string,
  { signal, onRows }: TurnOptions,
): AsyncGenerator<Row> {
  let rows = 0;
  for (const row of database.iterate(sql)) {
    yield row;
    if (++rows % ROWS_A_TURN !== 0) continue;
    onRows?.(ROWS_A_TURN);
    await nextTurn();
    signal?.throwIfAborted();
  }
}

export interface TurnOptions {
  readonly signal?: AbortSignal | undefined;
  /** Rows read since the last call. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** Names of the tables. @throws VultuneError `DATASET_SQLITE_BROKEN`. */
export function tableNames(path: string): readonly string[] {
  const database = openDatabase(path);
  try {
    const tables = database.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    return tables.map((row) => String(row.name));
  } finally {
    database.close();
  }
}

function broken(path: string, cause: unknown): VultuneError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VultuneError(
    'DATASET_SQLITE_BROKEN',
    `cannot read the database ${path}: ${reason.slice(0, 160)}`,
    {
      where: { file: path },
      hint: 'it is cut off, damaged, or not as CVEfixes publishes it',
      cause,
    },
  );
}
