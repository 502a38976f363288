/**
 * @file VDISC, the Draper set (Russell et al., 2018): 1.27 million C and C++ functions in HDF5, labelled by static
 * analysers. Read in slices: the file may be far larger than memory.
 */
import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import h5wasm, { Dataset, type File as HdfFile } from 'h5wasm/node';
import { VultuneError } from '../../../base/errors.ts';
import { checkRecord } from '../../record.ts';
import type { DatasetFile } from '../dataset-file.ts';
import type { FormatContext, ReadRecord } from '../format.ts';
import { compact } from '../published/cells.ts';

const SOURCE_COLUMN = 'functionSource';
/** "CWE-other" stands for all the others: a label without an id. */
export const LABEL_COLUMNS = ['CWE-119', 'CWE-120', 'CWE-469', 'CWE-476', 'CWE-other'] as const;

const SLICE_ROWS = 2_000;

/**
 * The functions in order; a function is vulnerable when any analyser said so.
 * @throws VultuneError `DATASET_HDF5_BROKEN`, `DATASET_FIELD_MISSING`.
 */
export async function* readVdisc(file: DatasetFile, context: FormatContext): AsyncGenerator<ReadRecord> {
  const hdf = await openHdf5(file.path);
  try {
    const source = column(hdf, SOURCE_COLUMN, file.path);
    const labels = LABEL_COLUMNS.map((name) => ({ name, data: column(hdf, name, file.path) }));
    const rows = source.shape?.[0] ?? 0;
    const sizeBytes = file.sizeBytes ?? statSync(file.path).size;
    for (let start = 0; start < rows; start += SLICE_ROWS) {
      await nextTurn(); // all else here is synchronous: Ctrl-C and the progress line need a turn
      context.signal?.throwIfAborted();
      const end = Math.min(rows, start + SLICE_ROWS);
      const texts = slice(source, start, end, file.path) as readonly string[];
      const flags = labels.map(({ name, data }) => ({ name, values: slice(data, start, end, file.path) }));
      for (const [index, code] of texts.entries()) {
        const line = start + index + 1;
        if (code.trim() === '') {
          context.tally.add('no code');
          continue;
        }
        const found = flags.filter(({ values }) => Boolean(values[index])).map(({ name }) => name);
        const cwe = found.filter((name) => name !== 'CWE-other');
        const target = found.length > 0 ? 1 : 0;
        const record = compact({ code, target, cwe: cwe.length > 0 ? cwe : undefined });
        yield { record: checkRecord(record, { ...context, where: { file: file.path, line } }), line };
      }
      context.onBytes?.(Math.round((end / rows) * sizeBytes));
    }
  } finally {
    hdf.close();
  }
}

/** Names of what lies at the root of an HDF5 file. @throws VultuneError `DATASET_HDF5_BROKEN`. */
export async function hdf5Names(path: string): Promise<readonly string[]> {
  const hdf = await openHdf5(path);
  try {
    return hdf.keys();
  } finally {
    hdf.close();
  }
}

async function openHdf5(path: string): Promise<HdfFile> {
  const library = await h5wasm.ready;
  library.activate_throwing_error_handler(); // else it prints what went wrong and goes on
  try {
    return new h5wasm.File(path, 'r');
  } catch (cause) {
    throw broken(path, cause);
  }
}

function column(hdf: HdfFile, name: string, path: string): Dataset {
  const found = hdf.keys().includes(name) ? hdf.get(name) : undefined;
  if (found instanceof Dataset) return found;
  const names = hdf.keys().slice(0, 20).join(', ');
  throw new VultuneError('DATASET_FIELD_MISSING', `there is no dataset "${name}" in this HDF5 file`, {
    where: { file: path, name },
    hint: `VDISC has ${[SOURCE_COLUMN, ...LABEL_COLUMNS].join(', ')}; this file has ${names}`,
  });
}

function slice(data: Dataset, start: number, end: number, path: string): ArrayLike<unknown> {
  try {
    const values = data.slice([[start, end]]);
    if (Array.isArray(values) || ArrayBuffer.isView(values)) return values as unknown as ArrayLike<unknown>;
  } catch (cause) {
    throw broken(path, cause, start + 1);
  }
  throw broken(path, undefined, start + 1);
}

function broken(path: string, cause: unknown, line?: number): VultuneError {
  return new VultuneError('DATASET_HDF5_BROKEN', `cannot read the HDF5 file ${path}`, {
    where: { file: path, ...(line === undefined ? {} : { line }) },
    hint: 'it is cut off or damaged: fetch it again',
    ...(cause === undefined ? {} : { cause }),
  });
}
