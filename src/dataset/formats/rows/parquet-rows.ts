/** @file Rows of Parquet, a group at a time, read where they lie in the file. Knows nothing of what rows mean. */
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { VultuneError } from '../../../base/errors.ts';
import { fileError } from '../../../base/files.ts';
import type { TableRow } from './table-rows.ts';

/** At once; a group is decoded as often as it has slices, so slices are large. */
const SLICE_ROWS = 20_000;

/** `onBytes` hears the compressed bytes of the groups that are done. @throws VultuneError `DATASET_PARQUET_BROKEN`. */
export async function* parquetRows(path: string, onBytes?: (done: number) => void): AsyncGenerator<TableRow> {
  const { file, metadata } = await openParquet(path);
  let rowStart = 0;
  let doneBytes = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = rowStart + Number(group.num_rows);
    while (rowStart < groupEnd) {
      const rowEnd = Math.min(groupEnd, rowStart + SLICE_ROWS);
      for (const value of await readSlice(path, file, metadata, rowStart, rowEnd)) {
        rowStart++;
        yield {
          value: Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)])),
          line: rowStart,
        };
      }
      rowStart = rowEnd;
    }
    doneBytes += Number(group.total_compressed_size ?? group.total_byte_size);
    onBytes?.(doneBytes);
  }
}

/** The columns and the first row. @throws VultuneError `DATASET_PARQUET_BROKEN`. */
export async function firstParquetRow(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { file, metadata } = await openParquet(path);
  const [row] = metadata.num_rows === 0n ? [] : await readSlice(path, file, metadata, 0, 1);
  if (row !== undefined) return row;
  return Object.fromEntries(metadata.schema.slice(1).map((column) => [column.name, null]));
}

type ParquetFile = Awaited<ReturnType<typeof asyncBufferFromFile>>;

async function openParquet(path: string): Promise<{ file: ParquetFile; metadata: FileMetaData }> {
  try {
    const file = await asyncBufferFromFile(path);
    return { file, metadata: await parquetMetadataAsync(file) };
  } catch (error) {
    throw broken(error, path, undefined);
  }
}

async function readSlice(
  path: string,
  file: ParquetFile,
  metadata: FileMetaData,
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  try {
    return await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
  } catch (error) {
    throw broken(error, path, rowStart + 1);
  }
}

function broken(error: unknown, path: string, line: number | undefined): unknown {
  const translated = fileError(error, path, 'read');
  if (translated instanceof VultuneError) return translated;
  const reason = error instanceof Error ? error.message : String(error);
  return new VultuneError(
    'DATASET_PARQUET_BROKEN',
    `cannot read this Parquet file: ${reason.slice(0, 120)}`,
    {
      where: { file: path, ...(line === undefined ? {} : { line }) },
      hint: 'the file is cut off or damaged, or uses a part of the format that is not supported',
      cause: error,
    },
  );
}

/** 64-bit integers as numbers, as all other formats give them; dates as ISO 8601. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array, plain);
  return Array.isArray(value) ? value.map(plain) : value;
}
