/**
 * @file Fingerprints of datasets: which data a run saw, and whether two files hold the same functions. Works for
 * any language: its comparison of bodies ignores white space only.
 */
import { createHash } from 'node:crypto';
import type { DatasetRecord } from './record.ts';
import { formatRecord } from './write-jsonl.ts';

export interface DatasetFingerprint {
  /** Every field of every record, in order: what a training run depends on. Hexadecimal SHA-256. */
  readonly records: string;
  /** The set of (body without white space, target): equal for the same functions in another order or layout. */
  readonly bodies: string;
  readonly functions: number;
  readonly vulnerable: number;
}

export function fingerprint(records: readonly DatasetRecord[]): DatasetFingerprint {
  const all = createHash('sha256');
  for (const record of records) all.update(formatRecord(record));
  const bodies = new Set(records.map((record) => `${bodyHash(record.code)}:${record.target ?? '?'}`));
  return {
    records: all.digest('hex'),
    bodies: createHash('sha256')
      .update([...bodies].sort().join('\n'))
      .digest('hex'),
    functions: records.length,
    vulnerable: records.filter((record) => record.target === 1).length,
  };
}

/** SHA-256 of a function's text without white space. */
export function bodyHash(code: string): string {
  return createHash('sha256').update(code.replace(/\s+/g, '')).digest('hex');
}
