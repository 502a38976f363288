/**
 * @file Writes datasets: JSON lines, whole or not at all, the same bytes for the same records. Reads nothing.
 */
import { writeFileAtomic } from '../base/files.ts';
import { type DatasetRecord, RECORD_FIELDS } from './record.ts';

/** Writes one record a line. @throws VultuneError as `writeFileAtomic`. */
export function writeRecords(path: string, records: readonly DatasetRecord[]): void {
  writeFileAtomic(
    path,
    records.map((record) => Buffer.from(formatRecord(record), 'utf8')),
  );
}

/** One line with its end: known fields first in a fixed order, then the others by name. */
export function formatRecord(record: DatasetRecord): string {
  const known = RECORD_FIELDS.filter((field) => record[field] !== undefined);
  const others = Object.keys(record)
    .filter((field) => !(RECORD_FIELDS as readonly string[]).includes(field))
    .sort();
  return `${JSON.stringify(Object.fromEntries([...known, ...others].map((field) => [field, record[field]])))}\n`;
}
