/** @file Tables of unknown make: the user says which column is which field, and what the labels mean. */
import { VultuneError } from '../../../base/errors.ts';
import { NO_MAPPING } from '../field-mapping.ts';
import { tableFormat, unreadableTarget } from '../table-format.ts';
import { codeOf, commitOf, compact, cveOf, cweOf, dayOf, languageNamed, targetOf, textOf } from './cells.ts';

/** How the fields of a record are read out of a column; others are taken as they are. */
const READERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  code: codeOf,
  cwe: cweOf,
  cve: cveOf,
  date: dayOf,
  commit: commitOf,
  language: languageNamed,
  id: textOf,
  project: textOf,
  path: textOf,
  function_name: textOf,
  pair: textOf,
  set: textOf,
};

export const TABLE = tableFormat({
  name: 'table',
  summary: 'any JSON lines, JSON array, CSV or Parquet, with --field code=COLUMN --field target=COLUMN',
  recognise: ({ first }) => 'code' in first && 'target' in first,
  convert(row, { tally, where, requireTarget, onLabel, mapping = NO_MAPPING }) {
    const column = (field: string) => mapping.fields.get(field) ?? field;
    const names = new Set([...Object.keys(READERS), ...mapping.fields.keys()]);
    const fields: Record<string, unknown> = {};
    for (const field of names) {
      if (field === 'target') continue;
      if (mapping.fields.has(field)) requireColumn(row, column(field), where);
      const value = row[column(field)];
      fields[field] = READERS[field] === undefined ? value : READERS[field](value);
    }
    requireColumn(row, column('code'), where);
    if (fields.code === undefined) {
      tally.add('no code');
      return [];
    }
    const label = row[column('target')];
    const target = targetOf(label, mapping);
    if (target === undefined && (requireTarget || (label !== undefined && label !== null))) {
      throw unreadableTarget(label, column('target'), where);
    }
    if (target !== undefined && label !== target) onLabel?.(String(label).trim(), target);
    return [compact({ ...fields, code: fields.code as string, target })];
  },
});

function requireColumn(row: Readonly<Record<string, unknown>>, column: string, where: object): void {
  if (Object.hasOwn(row, column)) return;
  const columns = Object.keys(row)
    .slice(0, 20)
    .map((name) => `"${name}"`);
  throw new VultuneError('DATASET_FIELD_MISSING', `no column "${column}"`, {
    where: { ...where, name: column },
    hint: `the columns are ${columns.join(', ')}; --field FIELD=COLUMN says which is which`,
  });
}
