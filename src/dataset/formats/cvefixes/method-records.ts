/**
 * @file The functions that CVEfixes' authors cut out of changed files (method_change), as records: before a fix
 * P1, after it P2. Their cutting is rougher than a parser's; the builder prefers the files. Runs in a worker.
 */

import type { WorkerStream } from '../../../workers/worker-job.ts';
import { checkRecord, type DatasetRecord } from '../../record.ts';
import { type Batch, inBatches } from '../foreign/batches.ts';
import type { FormatContext, ReadRecord } from '../format.ts';
import { codeOf, compact, languageOfFile, targetOf, textOf } from '../published/cells.ts';
import { openDatabase, type ReadOnlyDatabase, type Row, rowsToldOf } from './database.ts';
import type { LinkedDatabase } from './database-link.ts';
import { type Fix, listFixes } from './fixes.ts';

export interface MethodsInput extends LinkedDatabase {
  readonly requireTarget: boolean;
}

/** Commit by commit; `line` is the row id in method_change. @throws VultuneError `DATASET_SQLITE_BROKEN`. */
export function methodBatches(input: MethodsInput): AsyncGenerator<Batch<ReadRecord>> {
  return inBatches(
    (context) => recordsOf(input, context),
    ({ record }) => record.code.length,
  );
}

export const METHODS_JOB: WorkerStream<MethodsInput, Batch<ReadRecord>> = {
  url: import.meta.url,
  name: 'methodBatches',
  run: methodBatches,
};

async function* recordsOf(
  input: MethodsInput,
  { tally, onBytes }: Pick<FormatContext, 'tally' | 'onBytes'>,
): AsyncGenerator<ReadRecord> {
  const { path, sizeBytes, requireTarget } = input;
  const database = openDatabase(input);
  try {
    const onShare = (share: number) => onBytes?.(Math.round(share * sizeBytes));
    const { fixes, missing } = listFixes(database, (share) => onShare(share * LISTING_SHARE));
    if (missing > 0) tally.add('fix whose commit is not in the database', missing);
    const methodRows = methodRowsByFile(database);
    const fileRow = database.prepare(
      'SELECT file_change_id, old_path, new_path FROM file_change WHERE rowid = ?',
    );
    const methodRow = database.prepare(
      'SELECT name, signature, start_line, end_line, code, before_change FROM method_change WHERE rowid = ?',
    );
    for (const [index, fix] of fixes.entries()) {
      for (const id of fix.fileRows) {
        const change = fileRow([id]) ?? {};
        const rows = methodRows.get(String(change.file_change_id)) ?? [];
        const methods = rows.map((row) => ({ row, method: methodRow([row]) ?? {} }));
        for (const { record, line } of methodRecords(fix, change, methods, tally)) {
          yield { record: checkRecord(record, { requireTarget, where: { file: path, line } }), line };
        }
      }
      onShare(LISTING_SHARE + (1 - LISTING_SHARE) * ((index + 1) / fixes.length));
    }
  } finally {
    database.close();
  }
}

/** Roughly the share of the work that comes before the first function. */
const LISTING_SHARE = 0.1;

function methodRowsByFile(database: ReadOnlyDatabase): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const sql = 'SELECT rowid AS id, file_change_id FROM method_change';
  for (const row of rowsToldOf(database, sql)) {
    const key = String(row.file_change_id);
    const rows = found.get(key);
    if (rows === undefined) found.set(key, [Number(row.id)]);
    else rows.push(Number(row.id));
  }
  return found;
}

interface Method {
  readonly row: number;
  readonly method: Row;
}

function methodRecords(
  { facts }: Fix,
  change: Row,
  methods: readonly Method[],
  tally: FormatContext['tally'],
): { readonly record: DatasetRecord; readonly line: number }[] {
  const path = (textOf(change.new_path) ?? textOf(change.old_path))?.replaceAll('\\', '/');
  const pairs = pairKeys(methods);
  const records: { readonly record: DatasetRecord; readonly line: number }[] = [];
  for (const { row, method } of methods) {
    const code = codeOf(method.code);
    const before = targetOf(method.before_change);
    if (code === undefined || before === undefined) {
      tally.add(code === undefined ? 'no code' : 'function that is neither before nor after');
      continue;
    }
    const pairName = pairs.get(row);
    const [cve, ...others] = facts.cve ?? [];
    const record = compact({
      code,
      target: before,
      set: before === 1 ? 'P1' : 'P2',
      pair: pairName === undefined ? undefined : `${facts.commit}:${change.file_change_id}:${pairName}`,
      language: languageOfFile(path),
      project: facts.project,
      path,
      function_name: textOf(method.name),
      commit: facts.commit,
      date: facts.date,
      cve,
      cves: others.length > 0 ? facts.cve : undefined,
      cwe: facts.cwe !== undefined && facts.cwe.length > 0 ? facts.cwe : undefined,
      start_line: numberOf(method.start_line),
      end_line: numberOf(method.end_line),
    });
    records.push({ record, line: row });
  }
  return records;
}

/** Rows of one function before and after: by signature, overloads of the same one in order. */
function pairKeys(methods: readonly Method[]): Map<number, string> {
  const sides = new Map<string, { readonly before: number[]; readonly after: number[] }>();
  for (const { row, method } of methods) {
    if (codeOf(method.code) === undefined) continue;
    const signature = (textOf(method.signature) ?? textOf(method.name) ?? '').replace(/\s+/g, '');
    const side = sides.get(signature) ?? { before: [], after: [] };
    (targetOf(method.before_change) === 1 ? side.before : side.after).push(row);
    sides.set(signature, side);
  }
  const keys = new Map<number, string>();
  for (const [signature, { before, after }] of sides) {
    for (let i = 0; i < Math.min(before.length, after.length); i++) {
      const key = i === 0 ? signature : `${signature}#${i + 1}`;
      keys.set(before[i]!, key).set(after[i]!, key);
    }
  }
  return keys;
}

function numberOf(value: unknown): number | undefined {
  const number = Number(textOf(value) ?? Number.NaN);
  return Number.isInteger(number) ? number : undefined;
}
