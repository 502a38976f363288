/** @file A file that was given as JSON lines and is a table or an archive: its errors name the command that converts it. */
import { basename } from 'node:path';
import { VultuneError } from '../base/errors.ts';

const OTHER_FORMATS = /\.(?:csv|tsv|json|parquet|h5|hdf5|db|sqlite3?|zip|tar|tgz|gz)$/i;
const READING = new Set([
  'DATASET_JSON_BROKEN',
  'DATASET_ENCODING',
  'DATASET_LINE_TOO_LONG',
  'DATASET_FIELD_MISSING',
  'DATASET_FIELD_TYPE',
]);

/** The error as it is, or with the hint where the name of the file says that it is not JSON lines. */
export function withConvertHint(error: unknown, path: string): unknown {
  if (!(error instanceof VultuneError) || !READING.has(error.code) || !OTHER_FORMATS.test(path)) return error;
  const name = basename(path).replace(/(?:\.tar)?\.\w+$/, '');
  return new VultuneError(error.code, error.message, {
    ...(error.where === undefined ? {} : { where: error.where }),
    hint: `this is not a .jsonl file: vultune data convert ${path} --out ${name}.jsonl`,
    exitCode: error.exitCode,
    cause: error,
  });
}
