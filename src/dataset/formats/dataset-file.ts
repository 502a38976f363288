/**
 * @file One file of a dataset as a format sees it: its first bytes, how rows are stored in it and the first of them.
 * Shapes only.
 */

/** How rows are stored, whoever wrote them. */
export type Container =
  | 'jsonl'
  | 'json'
  | 'csv'
  | 'parquet'
  | 'sqlite'
  | 'hdf5'
  | 'gzip'
  | 'tar'
  | 'folder'
  | 'empty'
  | 'unknown';

export interface DatasetFile {
  /** For messages; also for reading, where `isOnDisk`. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  /** False: standard input or an entry of an archive, whose bytes come once. */
  readonly isOnDisk: boolean;
  readonly sizeBytes: number | undefined;
  readonly container: Container;
  /** The first bytes, a megabyte at most. */
  readonly head: Uint8Array;
  /** Columns of the first row in order, or names of tables (SQLite), datasets (HDF5) or files (a folder); empty where the row is longer than the head. */
  readonly fields: readonly string[];
  /** The first row of a table. */
  readonly first: Readonly<Record<string, unknown>>;
  /** All bytes from the start; for a file that is not on disk only once. */
  bytes(): AsyncIterable<Uint8Array>;
}
