/**
 * @file VDISC, the Draper set (Russell et al., 2018): 1.27 million C and C++ functions in HDF5, labelled by static
 * analysers. The reading itself runs in a worker: vdisc-job.ts.
 */
import { statSync } from 'node:fs';
import { runBounded } from '../../../workers/bounded-worker.ts';
import type { DatasetFile } from '../dataset-file.ts';
import { foreignBounds, readForeign } from '../foreign/read-foreign.ts';
import type { FormatContext, ReadRecord } from '../format.ts';
import { HDF5_NAMES_JOB, VDISC_JOB } from './vdisc-job.ts';

/**
 * The functions in order; a function is vulnerable when any analyser said so.
 * @throws VultuneError `DATASET_HDF5_BROKEN`, `DATASET_FIELD_MISSING`.
 */
export async function* readVdisc(
  { path, sizeBytes = statSync(path).size }: DatasetFile,
  context: FormatContext,
): AsyncGenerator<ReadRecord> {
  const file = { path, sizeBytes };
  yield* readForeign(VDISC_JOB, { ...file, requireTarget: context.requireTarget }, 'hdf5', file, context);
}

/** Names of what lies at the root of an HDF5 file. @throws VultuneError `DATASET_HDF5_BROKEN`. */
export async function hdf5Names(path: string, signal?: AbortSignal): Promise<readonly string[]> {
  const file = { path, sizeBytes: statSync(path).size };
  return runBounded(HDF5_NAMES_JOB, path, foreignBounds('hdf5', file, signal));
}
