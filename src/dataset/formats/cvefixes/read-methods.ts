/** @file CVEfixes' own functions as a dataset, and what tables a database has: both asked of a worker. */
import { runBounded } from '../../../workers/bounded-worker.ts';
import type { DatasetFile } from '../dataset-file.ts';
import { foreignBounds, readForeign } from '../foreign/read-foreign.ts';
import type { FormatContext, ReadRecord } from '../format.ts';
import { TABLE_NAMES_JOB } from './database-jobs.ts';
import { linkDatabase } from './database-link.ts';
import { METHODS_JOB } from './method-records.ts';

/** As `methodBatches`. @throws VultuneError `DATASET_SQLITE_BROKEN`. */
export async function* readMethods(
  { path }: DatasetFile,
  context: FormatContext,
): AsyncGenerator<ReadRecord> {
  const { remove, ...file } = linkDatabase(path);
  try {
    const input = { ...file, requireTarget: context.requireTarget };
    yield* readForeign(METHODS_JOB, input, 'sqlite', file, context);
  } finally {
    remove();
  }
}

/** @throws VultuneError `DATASET_SQLITE_BROKEN`. */
export async function tableNames(path: string, signal?: AbortSignal): Promise<readonly string[]> {
  const { remove, ...file } = linkDatabase(path);
  try {
    return await runBounded(TABLE_NAMES_JOB, file, foreignBounds('sqlite', file, signal));
  } finally {
    remove();
  }
}
