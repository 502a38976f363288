/** @file Reads Parquet with hyparquet, slice by slice; runs in a worker. Counts out of the file are held against its size. */
import { stat } from 'node:fs/promises';
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { fileError } from '../../../base/files.ts';
import type { WorkerJob, WorkerStream } from '../../../workers/worker-job.ts';
import { type Batch, inBatches } from '../foreign/batches.ts';
import { brokenBy } from '../foreign/read-foreign.ts';
import { checkPageSize, checkParquet } from './parquet-limits.ts';
import type { TableRow } from './table-row.ts';

/** At once; a group is decoded as often as it has slices, so slices are large. */
const SLICE_ROWS = 20_000;

/** The rows of the file at `path`, in batches. */
export function parquetBatches(path: string): AsyncGenerator<Batch<TableRow>> {
  return inBatches(({ onBytes }) => rowsOf(path, onBytes), charactersOf);
}

export const PARQUET_JOB: WorkerStream<string, Batch<TableRow>> = {
  url: import.meta.url,
  name: 'parquetBatches',
  run: parquetBatches,
};

/** The first row; its columns with null where there is none. */
export async function firstRow(path: string): Promise<TableRow['value']> {
  const { file, metadata } = await openParquet(path);
  const [row] = metadata.num_rows === 0n ? [] : await readSlice(path, file, metadata, 0, 1);
  if (row !== undefined) return row;
  return Object.fromEntries(metadata.schema.slice(1).map((column) => [column.name, null]));
}

export const FIRST_ROW_JOB: WorkerJob<string, TableRow['value']> = {
  url: import.meta.url,
  name: 'firstRow',
  run: firstRow,
};

async function* rowsOf(path: string, onBytes?: (done: number) => void): AsyncGenerator<TableRow> {
  const { file, metadata } = await openParquet(path);
  let rowStart = 0;
  let doneBytes = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = rowStart + Number(group.num_rows);
    while (rowStart < groupEnd) {
      const rowEnd = Math.min(groupEnd, rowStart + SLICE_ROWS);
      for (const value of await readSlice(path, file, metadata, rowStart, rowEnd)) {
        rowStart++;
        yield { value, line: rowStart };
      }
      rowStart = rowEnd;
      onBytes?.(doneBytes);
    }
    doneBytes += Number(group.total_compressed_size ?? group.total_byte_size);
    onBytes?.(doneBytes);
  }
}

type ParquetFile = Awaited<ReturnType<typeof asyncBufferFromFile>>;

async function openParquet(path: string): Promise<{ file: ParquetFile; metadata: FileMetaData }> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    checkParquet(metadata, (await stat(path)).size);
    return { file, metadata };
  } catch (error) {
    throw brokenBy(fileError(error, path, 'read'), 'parquet', path);
  }
}

const checkedCompressors = Object.fromEntries(
  Object.entries(compressors).map(([name, unpack]) => [
    name,
    (input: Uint8Array, outputLength: number) => {
      checkPageSize(input.length, outputLength);
      return unpack(input, outputLength);
    },
  ]),
);

async function readSlice(
  path: string,
  file: ParquetFile,
  metadata: FileMetaData,
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  try {
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors: checkedCompressors,
      rowStart,
      rowEnd,
    });
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
    );
  } catch (error) {
    throw brokenBy(fileError(error, path, 'read'), 'parquet', path, rowStart + 1);
  }
}

/** 64-bit integers as numbers, as all other formats give them; dates as ISO 8601. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array, plain);
  return Array.isArray(value) ? value.map(plain) : value;
}

function charactersOf({ value }: TableRow): number {
  let characters = 0;
  for (const cell of Object.values(value)) characters += typeof cell === 'string' ? cell.length : 8;
  return characters;
}
