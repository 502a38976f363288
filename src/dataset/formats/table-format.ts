/**
 * @file Formats whose files are tables: what one row means is all that they say themselves. Rows without a function
 * are left out and counted; a label that cannot be read is the user's to settle, not ours to guess.
 */
import { type ErrorPlace, VultuneError } from '../../base/errors.ts';
import { checkRecord, type DatasetRecord } from '../record.ts';
import type { DatasetFile } from './dataset-file.ts';
import type { DatasetFormat, FormatContext, ReadRecord } from './format.ts';
import { splitNamed } from './published/cells.ts';
import type { TableRow } from './rows/table-row.ts';
import { tableRows } from './rows/table-rows.ts';

export interface RowContext extends FormatContext {
  readonly file: DatasetFile;
  readonly where: ErrorPlace;
}

/** The records of a row: one, a pair, or none, then with a reason in the tally. */
export type ConvertRow = (row: TableRow['value'], context: RowContext) => readonly DatasetRecord[];

export interface TableFormatOptions {
  readonly name: string;
  readonly summary: string;
  readonly recognise: (file: DatasetFile) => boolean;
  readonly convert: ConvertRow;
  /** A second pass over what was converted, with memory of its own: pairs of neighbouring rows. */
  readonly join?: (records: AsyncIterable<ReadRecord>, context: FormatContext) => AsyncIterable<ReadRecord>;
}

const TABLES: readonly string[] = ['jsonl', 'json', 'csv', 'parquet'];

export function tableFormat({ name, summary, recognise, convert, join }: TableFormatOptions): DatasetFormat {
  return {
    name,
    summary,
    recognise: (file) => TABLES.includes(file.container) && recognise(file),
    read(file, context) {
      const records = convertRows(file, context, convert);
      return join === undefined || !joins(file) ? records : join(records, context);
    },
  };
}

/** Whether a published file says by its name that its rows come in pairs. */
const joins = (file: DatasetFile) => /pair/i.test(file.name);

async function* convertRows(
  file: DatasetFile,
  context: FormatContext,
  convert: ConvertRow,
): AsyncGenerator<ReadRecord> {
  for await (const { value, line } of tableRows(file, context)) {
    context.signal?.throwIfAborted();
    const where = { file: file.path, line };
    for (const record of convert(value, { ...context, file, where })) {
      if (record.code.trim() === '') {
        context.tally.add('no code');
        continue;
      }
      const checked = checkRecord(record, { requireTarget: context.requireTarget, where });
      const split = splitNamed(checked.split);
      yield { record: checked, line, ...(split === undefined ? {} : { split }) };
    }
  }
}

/** For rows whose label is neither 0 nor 1 in any known way. */
export function unreadableTarget(value: unknown, column: string, where: ErrorPlace): VultuneError {
  const found = value === undefined ? 'missing' : JSON.stringify(value)?.slice(0, 60);
  return new VultuneError('DATASET_LABEL', `"${column}" is ${found}, expected 0 or 1, true or false`, {
    where: { ...where, name: column },
    hint:
      value === undefined
        ? '--field target=COLUMN says which column is the label'
        : 'with --format table, --vulnerable WORD and --safe WORD say what other values mean',
  });
}
