/** @file Reads VDISC's HDF5 in slices, for the file may be far larger than memory; runs in a worker. */
import h5wasm, { Dataset, type File as HdfFile } from 'h5wasm/node';
import { VultuneError } from '../../../base/errors.ts';
import type { WorkerJob, WorkerStream } from '../../../workers/worker-job.ts';
import { checkRecord } from '../../record.ts';
import { type Batch, inBatches } from '../foreign/batches.ts';
import { broken, brokenBy, type ForeignFile } from '../foreign/read-foreign.ts';
import type { FormatContext, ReadRecord } from '../format.ts';
import { compact } from '../published/cells.ts';
import { MAX_ROW_BYTES } from '../rows/row-limit.ts';

const SOURCE_COLUMN = 'functionSource';
/** "CWE-other" stands for all the others: a label without an id. */
export const LABEL_COLUMNS = ['CWE-119', 'CWE-120', 'CWE-469', 'CWE-476', 'CWE-other'] as const;

const SLICE_ROWS = 2_000;
const SLICE_BYTES = 256 * 2 ** 20;
/** Compression and all: a row says its length at the least. */
const MOST_ROWS_PER_BYTE = 1_000;

export interface VdiscInput extends ForeignFile {
  readonly requireTarget: boolean;
}

export function vdiscBatches(input: VdiscInput): AsyncGenerator<Batch<ReadRecord>> {
  return inBatches(
    (context) => recordsOf(input, context),
    ({ record }) => record.code.length,
  );
}

export const VDISC_JOB: WorkerStream<VdiscInput, Batch<ReadRecord>> = {
  url: import.meta.url,
  name: 'vdiscBatches',
  run: vdiscBatches,
};

export function namesAtRoot(path: string): Promise<readonly string[]> {
  return withHdf5(path, (hdf) => hdf.keys());
}

export const HDF5_NAMES_JOB: WorkerJob<string, readonly string[]> = {
  url: import.meta.url,
  name: 'namesAtRoot',
  run: namesAtRoot,
};

async function* recordsOf(
  { path, sizeBytes, requireTarget }: VdiscInput,
  { tally, onBytes }: Pick<FormatContext, 'tally' | 'onBytes'>,
): AsyncGenerator<ReadRecord> {
  const hdf = await openHdf5(path);
  const guarded = <T>(read: () => T, line?: number): T => {
    try {
      return read();
    } catch (error) {
      throw brokenBy(error, 'hdf5', path, line);
    }
  };
  try {
    const source = guarded(() => column(hdf, SOURCE_COLUMN, path));
    const labels = LABEL_COLUMNS.map((name) => ({ name, data: guarded(() => column(hdf, name, path)) }));
    const rows = guarded(() => rowCount(source, sizeBytes, path));
    for (const { name, data } of labels) {
      const count = guarded(() => rowCount(data, sizeBytes, path));
      if (count !== rows) throw broken('hdf5', path, `${rows} functions and ${count} labels in ${name}`);
    }
    const sliceRows = Math.max(1, Math.min(SLICE_ROWS, Math.floor(SLICE_BYTES / source.metadata.size)));
    for (let start = 0; start < rows; start += sliceRows) {
      const end = Math.min(rows, start + sliceRows);
      const texts = guarded(() => slice(source, start, end), start + 1);
      const flags = labels.map(({ name, data }) => ({
        name,
        values: guarded(() => slice(data, start, end), start + 1),
      }));
      for (let index = 0; index < end - start; index++) {
        const line = start + index + 1;
        const code = texts[index];
        if (typeof code !== 'string')
          throw broken('hdf5', path, `${SOURCE_COLUMN} does not hold strings`, { line });
        if (code.trim() === '') {
          tally.add('no code');
          continue;
        }
        const found = flags.filter(({ values }) => Boolean(values[index])).map(({ name }) => name);
        const cwe = found.filter((name) => name !== 'CWE-other');
        const target = found.length > 0 ? 1 : 0;
        const record = compact({ code, target, cwe: cwe.length > 0 ? cwe : undefined });
        yield { record: checkRecord(record, { requireTarget, where: { file: path, line } }), line };
      }
      onBytes?.(Math.round((end / rows) * sizeBytes));
    }
  } finally {
    closeQuietly(hdf);
  }
}

async function withHdf5<T>(path: string, read: (hdf: HdfFile) => T): Promise<T> {
  const hdf = await openHdf5(path);
  try {
    return read(hdf);
  } catch (error) {
    throw brokenBy(error, 'hdf5', path);
  } finally {
    closeQuietly(hdf);
  }
}

async function openHdf5(path: string): Promise<HdfFile> {
  const library = await h5wasm.ready;
  library.activate_throwing_error_handler(); // else it prints what went wrong and goes on
  try {
    return new h5wasm.File(path, 'r');
  } catch (error) {
    throw brokenBy(error, 'hdf5', path);
  }
}

/** What is wrong with the file was said already. */
function closeQuietly(hdf: HdfFile): void {
  try {
    hdf.close();
  } catch {}
}

function column(hdf: HdfFile, name: string, path: string): Dataset {
  const found = hdf.keys().includes(name) ? hdf.get(name) : undefined;
  if (found instanceof Dataset) return found;
  const names = hdf.keys().slice(0, 20).join(', ');
  throw new VultuneError('DATASET_FIELD_MISSING', `this HDF5 file has no dataset "${name}"`, {
    where: { file: path, name },
    hint: `VDISC has ${[SOURCE_COLUMN, ...LABEL_COLUMNS].join(', ')}; this file has ${names}`,
  });
}

/** The only dimension, held against what the file can hold. */
function rowCount({ metadata }: Dataset, sizeBytes: number, path: string): number {
  const { shape, size } = metadata;
  const rows = shape?.[0];
  if (rows === undefined || shape?.length !== 1) {
    throw broken('hdf5', path, `a dataset of ${shape?.length ?? 0} dimensions where a column is expected`);
  }
  if (!(rows >= 0 && rows <= sizeBytes * MOST_ROWS_PER_BYTE)) {
    throw broken('hdf5', path, `${rows} rows in a file of ${sizeBytes} bytes`);
  }
  if (!(size > 0 && size <= MAX_ROW_BYTES)) throw broken('hdf5', path, `a cell of ${size} bytes`);
  return rows;
}

function slice(data: Dataset, start: number, end: number): ArrayLike<unknown> {
  const values = data.slice([[start, end]]);
  const isList = Array.isArray(values) || ArrayBuffer.isView(values);
  if (!isList) throw new Error('a column holds no list of values');
  return values as unknown as ArrayLike<unknown>;
}
