/**
 * @file X_1 (the paper's dataset) and Vultune's own record. X_1 says `status` where Vultune says `set` and `pair`, which
 * are derived from it.
 */
import { pairRecords } from '../../pair-records.ts';
import { checkRecord } from '../../record.ts';
import type { DatasetFormat, ReadRecord } from '../format.ts';
import { tableRows } from '../rows/table-rows.ts';
import { splitNamed } from './cells.ts';

/** Strict: a line that is not a record is an error, nothing is left out. */
export const VULTUNE: DatasetFormat = {
  name: 'vultune',
  summary: "Vultune's own records: code, target, set, pair ... (JSON lines)",
  recognise: ({ container, first }) =>
    ['jsonl', 'json', 'parquet'].includes(container) &&
    'code' in first &&
    ('target' in first || !('hash' in first && 'project' in first)),
  async *read(file, { requireTarget, signal, onBytes }): AsyncGenerator<ReadRecord> {
    for await (const { value, line } of tableRows(file, { signal, onBytes })) {
      signal?.throwIfAborted();
      const record = checkRecord(value, { requireTarget, where: { file: file.path, line } });
      const split = splitNamed(record.split);
      yield { record, line, ...(split === undefined ? {} : { split }) };
    }
  },
};

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
