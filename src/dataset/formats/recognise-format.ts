/** @file Which format a file is of: by name when the user says it, else by what the file holds. Reads no records. */
import { distance } from 'fastest-levenshtein';
import { VultuneError } from '../../base/errors.ts';
import type { DatasetFile } from './dataset-file.ts';
import type { DatasetFormat } from './format.ts';
import { DATASET_FORMATS } from './registry.ts';

/** @throws VultuneError `FORMAT_NAME_UNKNOWN` with the nearest name. */
export function formatNamed(name: string): DatasetFormat {
  const format = DATASET_FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  const names = DATASET_FORMATS.map((candidate) => candidate.name);
  const nearest = names.reduce((a, b) => (distance(b, name) < distance(a, name) ? b : a));
  throw new VultuneError('FORMAT_NAME_UNKNOWN', `unknown format "${name}"`, {
    hint: `did you mean ${nearest}? The formats are ${names.join(', ')}`,
  });
}

/** The first format of the registry that knows the file; undefined when none does. */
export function recogniseFormat(file: DatasetFile): DatasetFormat | undefined {
  const format = DATASET_FORMATS.find((candidate) => candidate.recognise(file));
  if (format !== undefined) return format;
  // Empty, or broken in its first row: Vultune's own reader says exactly where.
  const isUnreadableTable = ['jsonl', 'json'].includes(file.container) && file.fields.length === 0;
  return isUnreadableTable || file.container === 'empty' ? formatNamed('vultune') : undefined;
}

/** Whether its rows have columns that somebody can name. */
export const isTable = ({ container }: Pick<DatasetFile, 'container'>): boolean =>
  ['jsonl', 'json', 'csv', 'parquet'].includes(container);

/** What was found instead of a format, and what to do. */
export function unknownFormat(file: DatasetFile): VultuneError {
  const columns = file.fields.slice(0, 15).map((name) => JSON.stringify(name.slice(0, 40)));
  const more = file.fields.length > 15 ? ` and ${file.fields.length - 15} more` : '';
  const found =
    columns.length === 0
      ? CONTAINER_WORDS[file.container]
      : `${CONTAINER_WORDS[file.container]} with ${columns.join(', ')}${more}`;
  const names = DATASET_FORMATS.map((format) => format.name).join(', ');
  return new VultuneError('DATASET_FORMAT_UNKNOWN', `${file.path} is ${found}: not a known format`, {
    where: { file: file.path },
    hint: isTable(file)
      ? `say which column is which: --fields code=COLUMN,target=COLUMN (fields: in a configuration; --field code=COLUMN --field target=COLUMN for data convert and data build); or --format, one of ${names}`
      : `the formats are ${names}`,
  });
}

const CONTAINER_WORDS: Readonly<Record<DatasetFile['container'], string>> = {
  jsonl: 'JSON lines',
  json: 'a JSON array',
  csv: 'CSV',
  parquet: 'Parquet',
  sqlite: 'an SQLite database',
  hdf5: 'an HDF5 file',
  gzip: 'a gzipped file',
  tar: 'a tar archive',
  folder: 'a folder',
  empty: 'empty',
  unknown: 'neither JSON, CSV, Parquet, SQLite nor HDF5',
};
