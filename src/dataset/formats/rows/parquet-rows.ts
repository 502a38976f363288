/**
 * @file Rows of Parquet, a group at a time, read where they lie in the file. The reading itself runs in a worker:
 * parquet-job.ts.
 */
import { stat } from 'node:fs/promises';
import { runBounded } from '../../../workers/bounded-worker.ts';
import { foreignBounds, readForeign } from '../foreign/read-foreign.ts';
import type { FormatContext } from '../format.ts';
import { FIRST_ROW_JOB, PARQUET_JOB } from './parquet-job.ts';
import type { TableRow } from './table-row.ts';

/** `onBytes` hears the compressed bytes of the groups that are done. @throws VultuneError `DATASET_PARQUET_BROKEN`. */
export async function* parquetRows(
  path: string,
  context: Pick<FormatContext, 'onBytes' | 'signal'> = {},
): AsyncGenerator<TableRow> {
  yield* readForeign(PARQUET_JOB, path, 'parquet', { path, sizeBytes: (await stat(path)).size }, context);
}

/** The columns and the first row. @throws VultuneError `DATASET_PARQUET_BROKEN`. */
export async function firstParquetRow(path: string, signal?: AbortSignal): Promise<TableRow['value']> {
  const file = { path, sizeBytes: (await stat(path)).size };
  return runBounded(FIRST_ROW_JOB, path, foreignBounds('parquet', file, signal));
}
