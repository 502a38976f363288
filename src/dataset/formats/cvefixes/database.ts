/**
 * @file An SQLite file opened for reading, page by page, wherever it lies. Knows SQL's rows, not what they mean; used in
 * workers alone, for a damaged file may hold the library for ever.
 */
import sqlite, { type Database as Sqlite } from 'node-sqlite3-wasm';
import { tellAlive } from '../../../workers/tell-alive.ts';
import { broken, brokenBy } from '../foreign/read-foreign.ts';
import type { LinkedDatabase } from './database-link.ts';

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

/** A row takes this much in its page at the least. */
const LEAST_ROW_BYTES = 4;

/** @throws VultuneError `DATASET_SQLITE_BROKEN`. */
export function openDatabase({ path, opened, sizeBytes }: LinkedDatabase): ReadOnlyDatabase {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw brokenBy(error, 'sqlite', path);
    }
  };
  const database: Sqlite = guarded(
    () => new sqlite.Database(opened, { readOnly: true, fileMustExist: true }),
  );
  const statements: { finalize(): void }[] = [];
  return {
    all: (sql, values = []) => guarded(() => database.all(sql, [...values]) as Row[]),
    *iterate(sql) {
      const statement = guarded(() => database.prepare(sql));
      try {
        const rows = statement.iterate() as IterableIterator<Row>;
        let count = 0;
        for (let next = guarded(() => rows.next()); next.done !== true; next = guarded(() => rows.next())) {
          // Pages of a damaged file that name one another would be read round and round.
          if (++count > sizeBytes / LEAST_ROW_BYTES) {
            throw broken('sqlite', path, `more than ${count} rows in a file of ${sizeBytes} bytes`);
          }
          yield next.value;
        }
      } finally {
        quietly(() => statement.finalize());
      }
    },
    prepare(sql) {
      const statement = guarded(() => database.prepare(sql));
      statements.push(statement);
      return (values) => guarded(() => (statement.get([...values]) ?? undefined) as Row | undefined);
    },
    close() {
      for (const statement of statements) quietly(() => statement.finalize());
      quietly(() => database.close());
    },
  };
}

/** The library throws a query's error again when the query is put away: it was told already. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {}
}

/** Rows between two words of progress. */
const ROWS_A_NOTE = 1000;

/** As `iterate`, for a long answer. `onRows`: rows read since the last call. @throws VultuneError `DATASET_SQLITE_BROKEN`. */
export function* rowsToldOf(
  database: ReadOnlyDatabase,
  sql: string,
  onRows: (rows: number) => void = () => tellAlive(undefined),
): Generator<Row> {
  let rows = 0;
  for (const row of database.iterate(sql)) {
    yield row;
    if (++rows % ROWS_A_NOTE === 0) onRows(ROWS_A_NOTE);
  }
}

/** Opens the database, closes it in the end. */
export function withDatabase<T>(file: LinkedDatabase, use: (database: ReadOnlyDatabase) => T): T {
  const database = openDatabase(file);
  try {
    return use(database);
  } finally {
    database.close();
  }
}
