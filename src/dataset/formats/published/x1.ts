/**
 * @file X_1 (the paper's dataset) and Vultune's own record. X_1 says `status` where Vultune says `set` and `pair`, which
 * are derived from it.
 */
import { pairRecords } from '../../pair-records.ts';
import { checkRecord } from '../../record.ts';
import type { DatasetFormat, FormatContext, ReadRecord } from '../format.ts';
import type { TableRow } from '../rows/table-row.ts';
import { tableRows } from '../rows/table-rows.ts';
import { splitNamed, targetOf } from './cells.ts';

/** Strict: a line that is not a record is an error, nothing is left out. A label may be a word that speaks for itself. */
export const VULTUNE: DatasetFormat = {
  name: 'vultune',
  summary: "Vultune's own records: code, target, set, pair ... (JSON lines)",
  recognise: ({ container, first }) =>
    ['jsonl', 'json', 'parquet'].includes(container) &&
    'code' in first &&
    ('target' in first || !('hash' in first && 'project' in first)),
  async *read(file, { requireTarget, signal, onBytes, onLabel }): AsyncGenerator<ReadRecord> {
    for await (const { value, line } of tableRows(file, { signal, onBytes })) {
      signal?.throwIfAborted();
      const record = checkRecord(withTarget(value, onLabel), {
        requireTarget,
        where: { file: file.path, line },
      });
      const split = splitNamed(record.split);
      yield { record, line, ...(split === undefined ? {} : { split }) };
    }
  },
};

/** As it is where the label is a number, or no label at all: the check of the record says so. */
function withTarget(row: TableRow['value'], onLabel: FormatContext['onLabel']): TableRow['value'] {
  const written = row.target;
  if (typeof written !== 'boolean' && typeof written !== 'string') return row;
  const target = targetOf(written);
  if (target === undefined) return row;
  onLabel?.(String(written).trim(), target);
  return { ...row, target };
}

/** Pairs need all of a file's records at once: X_1's parts have some ten thousand. */
export const X1: DatasetFormat = {
  name: 'x1',
  summary: 'X_1: code, target, status, commit, function_name (JSON lines, tar.gz)',
  recognise: ({ container, first }) =>
    container === 'jsonl' && ['code', 'target', 'status', 'commit'].every((field) => field in first),
  async *read(file, context): AsyncGenerator<ReadRecord> {
    const placed: ReadRecord[] = [];
    for await (const entry of VULTUNE.read(file, context)) placed.push(entry);
    const records = pairRecords(placed.map((entry) => entry.record));
    for (const [index, record] of records.entries()) yield { ...placed[index]!, record };
  },
};
