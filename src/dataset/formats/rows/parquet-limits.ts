/** @file Counts that a Parquet file says of itself, held against what its bytes can hold before anything is made of them. */
import type { FileMetaData } from 'hyparquet';

/** Equal rows take next to nothing, but some: no writer reaches this. */
const MOST_ROWS_PER_BYTE = 1_000;
const ALWAYS_ALLOWED_PAGE_BYTES = 64 * 2 ** 20;
/** The largest page once unpacked; the format's own sizes are 32 bits wide. */
const MOST_PAGE_BYTES = 2 ** 30;
const MOST_PAGE_RATIO = 1_100;

/** @throws Error what does not fit. */
export function checkParquet({ num_rows, row_groups }: FileMetaData, sizeBytes: number): void {
  let rows = 0n;
  for (const group of row_groups) {
    if (group.num_rows < 0n) throw new Error(`a group of ${group.num_rows} rows`);
    rows += group.num_rows;
    for (const { meta_data: chunk } of group.columns) {
      if (chunk === undefined) continue;
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
      const length = Number(chunk.total_compressed_size);
      if (!(start >= 0 && length >= 0 && start + length <= sizeBytes)) {
        throw new Error(`a column of ${length} bytes at ${start} in a file of ${sizeBytes} bytes`);
      }
      if (chunk.num_values < 0n || Number(chunk.num_values) > sizeBytes * MOST_ROWS_PER_BYTE) {
        throw new Error(`a column of ${chunk.num_values} values in a file of ${sizeBytes} bytes`);
      }
    }
  }
  if (rows !== num_rows) throw new Error(`${num_rows} rows by its own count, ${rows} in its groups`);
  if (Number(rows) > sizeBytes * MOST_ROWS_PER_BYTE) {
    throw new Error(`${rows} rows in a file of ${sizeBytes} bytes`);
  }
}

/** @throws Error for a page that unpacks to more than its bytes can hold. */
export function checkPageSize(packedBytes: number, unpackedBytes: number): void {
  const most = Math.min(MOST_PAGE_BYTES, Math.max(ALWAYS_ALLOWED_PAGE_BYTES, packedBytes * MOST_PAGE_RATIO));
  if (unpackedBytes >= 0 && unpackedBytes <= most) return;
  throw new Error(`a page of ${packedBytes} bytes that says it unpacks to ${unpackedBytes}`);
}
