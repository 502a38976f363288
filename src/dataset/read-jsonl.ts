/**
 * @file Reads datasets: JSON lines, one function per line, from a file or standard input, every line checked.
 * What a record may hold is record.ts's business.
 */
import { type ErrorPlace, VultuneError } from '../base/errors.ts';
import { withConvertHint } from './convert-hint.ts';
import { duplicateKey } from './duplicate-keys.ts';
import { parseRow } from './json/parse-row.ts';
import { pairRecords } from './pair-records.ts';
import { type ReadLinesOptions, readLines } from './read-lines.ts';
import { checkRecord, type DatasetRecord, type LabelledRecord } from './record.ts';

export interface ReadRecordsOptions extends ReadLinesOptions {
  /** Default true. False for `predict`, where the target is what is asked for. */
  readonly requireTarget?: boolean;
}

export interface PlacedRecord {
  readonly record: DatasetRecord;
  /** 1-based line of the file. */
  readonly line: number;
}

/**
 * Streams the records of `path` (`-`: standard input) in order; blank lines are passed over.
 * @throws VultuneError `DATASET_FILE_MISSING`, `DATASET_ENCODING`, `DATASET_LINE_TOO_LONG`,
 * `DATASET_JSON_BROKEN`, `DATASET_FIELD_MISSING`, `DATASET_FIELD_TYPE`, `DATASET_FIELD_TWICE`, `DATASET_LABEL`; `DATASET_EMPTY` at the end
 * of a file without records.
 */
export async function* streamRecords(
  path: string,
  options: ReadRecordsOptions = {},
): AsyncGenerator<PlacedRecord> {
  const file = path === '-' ? 'standard input' : path;
  const requireTarget = options.requireTarget ?? true;
  let count = 0;
  for await (const { text, number } of readLines(path, { ...options, skipEmpty: true })) {
    if (text.trim() === '') continue;
    const where = { file, line: number };
    const record = checkRecord(parseRow(text, where), { requireTarget, where });
    const repeated = duplicateKey(text);
    if (repeated !== undefined) throw repeatedKey(repeated, where);
    count++;
    yield { record, line: number };
  }
  if (count === 0) {
    throw new VultuneError('DATASET_EMPTY', `${file} holds no records`, {
      where: { file },
      hint: 'expected one JSON object with "code" and "target" per line',
    });
  }
}

/** All labelled records of a file, with `set` and `pair` derived where X_1's fields allow it. Throws as `streamRecords`. */
export async function readLabelledRecords(
  path: string,
  options: ReadLinesOptions = {},
): Promise<LabelledRecord[]> {
  return (await readRecords(path, { ...options, requireTarget: true })) as LabelledRecord[];
}

/** As `readLabelledRecords`, with targets required only by option. */
export async function readRecords(path: string, options: ReadRecordsOptions = {}): Promise<DatasetRecord[]> {
  const records: DatasetRecord[] = [];
  try {
    for await (const { record } of streamRecords(path, options)) records.push(record);
  } catch (error) {
    throw withConvertHint(error, path);
  }
  return pairRecords(records);
}

/** @throws VultuneError `DATASET_ONE_CLASS` unless both targets occur. */
export function requireBothClasses(records: readonly DatasetRecord[], file: string): void {
  const positives = records.filter((record) => record.target === 1).length;
  const negatives = records.filter((record) => record.target === 0).length;
  if (positives > 0 && negatives > 0) return;
  const found = `${positives} vulnerable (target 1) and ${negatives} other functions (target 0)`;
  throw new VultuneError('DATASET_ONE_CLASS', `${file} has ${found}, expected some of both`, {
    where: { file },
    hint: 'a classifier can be neither trained nor evaluated on one class: add functions of the other',
  });
}

/** A record whose label or code is there twice: nobody knows which one was meant. */
export function repeatedKey(name: string, where: ErrorPlace): VultuneError {
  return new VultuneError('DATASET_FIELD_TWICE', `the field "${name}" appears twice`, {
    where: { ...where, name },
    hint: 'keep one of them',
  });
}
