/** @file Rows of CSV with a header, streamed; cells may be whole source files. Knows nothing of what rows mean. */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import { VultuneError } from '../../../base/errors.ts';
import { MAX_ROW_BYTES } from './row-limit.ts';
import type { TableRow } from './table-rows.ts';

const OPTIONS = {
  columns: true,
  bom: true,
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
} as const;

interface RowWithInfo {
  readonly record: Record<string, unknown>;
  /** Lines up to the end of the row. */
  readonly info: { readonly lines: number };
}

/** `line`: where the row begins. @throws VultuneError `DATASET_CSV_BROKEN`. */
export async function* csvRows(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  delimiter: string,
  maxRowBytes = MAX_ROW_BYTES,
): AsyncGenerator<TableRow> {
  const input = Readable.from(bytes, { objectMode: false });
  const rows = parse({ ...OPTIONS, delimiter, info: true, max_record_size: maxRowBytes });
  input.on('error', (error) => rows.destroy(error));
  input.pipe(rows);
  let line = 2;
  try {
    for await (const { record, info } of rows as AsyncIterable<RowWithInfo>) {
      yield { value: record, line };
      line = info.lines + 1;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const tooLong = error.code === 'CSV_MAX_RECORD_SIZE';
    const found = tooLong
      ? `the row at line ${line} is longer than ${maxRowBytes / 2 ** 20} MiB`
      : `the row at line ${line} is not CSV`;
    throw new VultuneError('DATASET_CSV_BROKEN', `${found}: ${error.message.slice(0, 120)}`, {
      where: { file, line },
      hint: 'a cell with quotes or line ends stands in double quotes, a quote in it is doubled',
      cause: error,
    });
  } finally {
    input.destroy();
    rows.destroy();
  }
}

/** The delimiter that makes most columns of the first line; undefined when none makes two. */
export function csvDelimiter(headText: string): string | undefined {
  const line = headText.replace(/^\ufeff/, '').split(/\r?\n/, 1)[0] ?? '';
  const counts = [',', '\t', ';', '|'].map((delimiter) => ({
    delimiter,
    count: line.split(delimiter).length,
  }));
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count > 1 ? best.delimiter : undefined;
}

/** The first row by the start of the file; its columns with empty cells where the row is longer than that. */
export function firstCsvRow(headText: string, delimiter: string): Readonly<Record<string, unknown>> {
  try {
    const [row] = parseAtOnce<Record<string, unknown>>(headText, {
      ...OPTIONS,
      columns: true,
      delimiter,
      to: 1,
    });
    if (row !== undefined) return row;
  } catch {
    // Cut off within the first row: the header is enough to go by.
  }
  try {
    const options = { delimiter, bom: true, relax_quotes: true, to_line: 1 };
    const [columns = []] = parseAtOnce(headText.split(/\r?\n/, 1)[0]!, options);
    return Object.fromEntries(columns.map((column) => [column, '']));
  } catch {
    return {};
  }
}
