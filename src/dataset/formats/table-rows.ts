/**
 * @file Rows of a table, whatever it is stored as: JSON lines, a JSON array, CSV or Parquet. Knows nothing of what
 * rows mean.
 */
import type { DatasetFile } from './dataset-file.ts';
import { jsonlRows } from './jsonl-rows.ts';

export interface TableRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** 1-based: the line of JSON lines, else the row. */
  readonly line: number;
}

/**
 * All rows in order, with memory bounded by the largest row (Parquet: by a group of rows).
 * `onBytes` hears how many bytes of the file are behind the row that comes next.
 */
export function tableRows(file: DatasetFile, onBytes?: (done: number) => void): AsyncIterable<TableRow> {
  return jsonlRows(counted(file.bytes(), onBytes), file.path);
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onBytes: ((done: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of bytes) {
    yield chunk;
    done += chunk.length;
    onBytes?.(done);
  }
}
