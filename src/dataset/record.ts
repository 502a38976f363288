/**
 * @file The dataset record: one function with its label, under X_1's own names, and the check that turns a
 * parsed JSON value into one. Files, sources and uses of records are handled elsewhere.
 */
import { type ErrorPlace, VultuneError } from '../base/errors.ts';

/** P1: a function before the fix of a vulnerability; P2: the same after it; P3: a function no fix touched. */
export type RecordSet = 'P1' | 'P2' | 'P3';

/** 1: vulnerable, 0: not known to be. */
export type Target = 0 | 1;

export interface DatasetRecord {
  readonly code: string;
  readonly target?: Target;
  readonly id?: string;
  readonly language?: string;
  readonly project?: string;
  readonly commit?: string;
  /** ISO 8601 (2021-09-04). */
  readonly date?: string;
  readonly cve?: string;
  readonly cwe?: readonly string[];
  readonly set?: RecordSet;
  /** The same for a P1 and its P2. */
  readonly pair?: string;
  readonly function_name?: string;
  readonly path?: string;
  /** Whatever else the source says: kept and written back. */
  readonly [field: string]: unknown;
}

export interface LabelledRecord extends DatasetRecord {
  readonly target: Target;
}

/** The order in which known fields are written. */
export const RECORD_FIELDS = [
  'id',
  'code',
  'target',
  'set',
  'pair',
  'language',
  'project',
  'path',
  'function_name',
  'commit',
  'date',
  'cve',
  'cwe',
] as const;

const TEXT_FIELDS = [
  'language',
  'project',
  'commit',
  'date',
  'cve',
  'pair',
  'function_name',
  'path',
] as const;

export interface CheckRecordOptions {
  /** False for `predict`: a record without a target is fine, one with a wrong target is not. */
  readonly requireTarget: boolean;
  readonly where: ErrorPlace;
}

/**
 * A record out of a parsed JSON value. `cwe` may be a string; `id` a number; `null` counts as absent.
 * @throws VultuneError `DATASET_FIELD_MISSING`, `DATASET_FIELD_TYPE`, `DATASET_LABEL`.
 */
export function checkRecord(value: unknown, options: CheckRecordOptions): DatasetRecord {
  if (!isObject(value)) {
    const found = `a line holds ${typeName(value)}, expected a JSON object`;
    throw new VultuneError('DATASET_FIELD_TYPE', found, { where: options.where });
  }
  const record: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).filter(([, content]) => content !== null),
  );
  checkCode(record, options.where);
  checkTarget(record, options);
  if (typeof record.id === 'number') record.id = String(record.id);
  for (const field of ['id', ...TEXT_FIELDS]) checkText(record, field, options.where);
  checkSet(record, options.where);
  if (record.cwe !== undefined) record.cwe = cweList(record.cwe, options.where);
  return record as unknown as DatasetRecord;
}

function checkCode(record: Record<string, unknown>, where: ErrorPlace): void {
  const { code } = record;
  if (code === undefined) {
    throw new VultuneError('DATASET_FIELD_MISSING', 'the field "code" is missing', {
      where: { ...where, name: 'code' },
      hint: `"code" holds the text of one function; this record has ${fieldNames(record)}`,
    });
  }
  if (typeof code !== 'string') throw wrongType('code', code, 'a string', where);
  if (code.trim() === '') throw wrongType('code', code, 'the text of a function', where);
}

function checkTarget(record: Record<string, unknown>, options: CheckRecordOptions): void {
  const { target } = record;
  const where = { ...options.where, name: 'target' };
  if (target === undefined) {
    if (!options.requireTarget) return;
    const hint = `"target" is 1 for a vulnerable function and 0 otherwise; this record has ${fieldNames(record)}`;
    throw new VultuneError('DATASET_FIELD_MISSING', 'the field "target" is missing', { where, hint });
  }
  if (target !== 0 && target !== 1) {
    throw new VultuneError('DATASET_LABEL', `"target" is ${JSON.stringify(target)}, expected 0 or 1`, {
      where,
      hint: 'write the numbers 1 (vulnerable) and 0, without quotes',
    });
  }
}

function checkText(record: Record<string, unknown>, field: string, where: ErrorPlace): void {
  const value = record[field];
  if (value !== undefined && typeof value !== 'string') throw wrongType(field, value, 'a string', where);
}

function checkSet(record: Record<string, unknown>, where: ErrorPlace): void {
  const { set } = record;
  if (set !== undefined && set !== 'P1' && set !== 'P2' && set !== 'P3') {
    throw wrongType('set', set, '"P1", "P2" or "P3"', where);
  }
}

function cweList(value: unknown, where: ErrorPlace): string[] {
  if (typeof value === 'string') return value.split(/[\s,;|]+/).filter((entry) => entry !== '');
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw wrongType('cwe', value, 'a string or a list of strings', where);
}

function wrongType(field: string, value: unknown, expected: string, where: ErrorPlace): VultuneError {
  const found = typeof value === 'string' ? `the string ${JSON.stringify(value)}` : typeName(value);
  return new VultuneError('DATASET_FIELD_TYPE', `"${field}" is ${found}, expected ${expected}`, {
    where: { ...where, name: field },
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function fieldNames(record: Record<string, unknown>): string {
  const names = Object.keys(record).slice(0, 12);
  return names.length === 0 ? 'no fields' : names.map((name) => `"${name}"`).join(', ');
}
