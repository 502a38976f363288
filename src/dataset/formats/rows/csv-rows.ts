/** @file Rows of CSV with a header, streamed; cells may be whole source files. What rows mean is decided later. */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import { VultuneError } from '../../../base/errors.ts';
import { MAX_ROW_BYTES } from './row-limit.ts';
import type { TableRow } from './table-row.ts';

const OPTIONS = {
  columns: true,
  bom: true,
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
} as const;

/** A file with more is not a table of functions. */
const MOST_COLUMNS = 10_000;

interface RowWithInfo {
  readonly record: Record<string, unknown>;
  readonly info: {
    /** Lines up to the end of the row. */
    readonly lines: number;
    /** That the row has more or fewer cells than the header; `record` are all of them. */
    readonly error?: CsvError & { readonly record?: readonly string[] };
  };
}

/**
 * `line`: where the row begins. Cells that are missing at a row's end are undefined; more than the header has are an
 * error, for then a comma in the code stands where the label should.
 * @throws VultuneError `DATASET_CSV_BROKEN`, `DATASET_ENCODING`.
 */
export async function* csvRows(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  delimiter: string,
  maxRowBytes = MAX_ROW_BYTES,
): AsyncGenerator<TableRow> {
  const input = Readable.from(checkedUtf8(bytes, file), { objectMode: false });
  let width = 0;
  const columns = (header: readonly string[]): string[] => {
    width = header.length;
    checkHeader(header, file);
    return [...header];
  };
  const rows = parse({ ...OPTIONS, columns, delimiter, info: true, max_record_size: maxRowBytes });
  input.on('error', (error) => rows.destroy(error));
  input.pipe(rows);
  let line = 2;
  try {
    for await (const { record, info } of rows as AsyncIterable<RowWithInfo>) {
      if (info.error?.record?.slice(width).some((cell) => cell !== '') === true) {
        throw tooManyCells(info.error.record.length, width, { file, line });
      }
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
      hint: 'put cells with quotes or line ends in double quotes, and double the quotes inside',
      cause: error,
    });
  } finally {
    input.destroy();
    rows.destroy();
  }
}

/** As lines of JSON are: text of another encoding would be read with other letters. */
async function* checkedUtf8(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let done = 0;
  try {
    for await (const chunk of bytes) {
      decoder.decode(chunk, { stream: true });
      done += chunk.length;
      yield chunk;
    }
    decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new VultuneError('DATASET_ENCODING', `this CSV is not UTF-8 (after byte ${done}), expected UTF-8`, {
      where: { file },
      hint: 'save the file as UTF-8',
      cause,
    });
  }
}

function checkHeader(header: readonly string[], file: string): void {
  const where = { file, line: 1 };
  const hint = 'the first line must name each column once';
  if (header.length > MOST_COLUMNS) {
    const found = `the header names ${header.length} columns, at most ${MOST_COLUMNS} are read`;
    throw new VultuneError('DATASET_CSV_BROKEN', found, { where, hint });
  }
  const seen = new Set<string>();
  const twice = header.find((name) => name !== '' && (seen.has(name) || !seen.add(name)));
  if (twice === undefined) return;
  throw new VultuneError('DATASET_CSV_BROKEN', `two columns are named "${twice.slice(0, 60)}"`, {
    where,
    hint,
  });
}

function tooManyCells(cells: number, width: number, where: { file: string; line: number }): VultuneError {
  const found = `the row at line ${where.line} has ${cells} cells, the header has ${width}`;
  return new VultuneError('DATASET_CSV_BROKEN', found, {
    where,
    hint: 'put cells with commas, quotes or line ends in double quotes, and double the quotes inside',
  });
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
