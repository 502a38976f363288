/**
 * @file Rows of a table, whatever it is stored as: JSON lines, a JSON array, CSV or Parquet. What rows
 * mean is decided later.
 */

import { VultuneError } from '../../../base/errors.ts';
import type { DatasetFile } from '../dataset-file.ts';
import type { FormatContext } from '../format.ts';
import { csvDelimiter, csvRows } from './csv-rows.ts';
import { jsonRows } from './json-rows.ts';
import { jsonlRows } from './jsonl-rows.ts';
import type { TableRow } from './table-row.ts';

/**
 * All rows in order, with memory bounded by the largest row (Parquet: by a group of rows). `onBytes` hears how many
 * bytes of the file have been read.
 * @throws VultuneError `DATASET_JSON_BROKEN`, `DATASET_CSV_BROKEN`, `DATASET_PARQUET_BROKEN`, `DATASET_ENCODING`,
 * `DATASET_LINE_TOO_LONG`, `DATASET_FIELD_TYPE`; `DATASET_NOT_A_TABLE` for another container.
 */
export async function* tableRows(
  file: DatasetFile,
  { onBytes, signal }: Pick<FormatContext, 'onBytes' | 'signal'> = {},
): AsyncGenerator<TableRow> {
  const bytes = () => counted(file.bytes(), { onBytes, signal });
  const { container } = file;
  if (container === 'jsonl') yield* jsonlRows(bytes(), file.path);
  else if (container === 'json') yield* jsonRows(bytes(), file.path);
  else if (container === 'csv') {
    yield* csvRows(bytes(), file.path, csvDelimiter(Buffer.from(file.head).toString('utf8')) ?? ',');
  } else if (container === 'parquet' && file.isOnDisk) {
    yield* (await import('./parquet-rows.ts')).parquetRows(file.path, { onBytes, signal });
  } else if (container !== 'empty') {
    throw new VultuneError('DATASET_NOT_A_TABLE', `${file.path} is not a table of functions`, {
      where: { file: file.path },
      hint: 'expected JSON lines, a JSON array, CSV or Parquet',
    });
  }
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  { onBytes, signal }: Pick<FormatContext, 'onBytes' | 'signal'>,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of bytes) {
    // Rows may be long in coming: a gigabyte of line ends has none.
    signal?.throwIfAborted();
    yield chunk;
    done += chunk.length;
    onBytes?.(done);
  }
}
