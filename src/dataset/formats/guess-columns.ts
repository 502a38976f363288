/**
 * @file Which columns of a table of unknown make hold the function and the label, by the names that published sets and
 * people give them. What is guessed is the caller's to say.
 */
import type { DatasetFile } from './dataset-file.ts';
import { type FieldMapping, NO_MAPPING } from './field-mapping.ts';
import { targetOf } from './published/cells.ts';

/** The likeliest first. Compared in lower case, without white space and punctuation. */
const CODE_NAMES = [
  'code',
  'func',
  'function',
  'funcbefore',
  'functionbefore',
  'codebefore',
  'vulnerablecode',
  'functioncode',
  'funccode',
  'sourcecode',
  'rawcode',
  'snippet',
  'codesnippet',
  'methodbody',
  'functionbody',
  'source',
  'method',
  'body',
  'text',
];
const TARGET_NAMES = [
  'target',
  'label',
  'vul',
  'vulnerable',
  'isvulnerable',
  'isvul',
  'vuln',
  'isvuln',
  'vulnerability',
  'verdict',
  'class',
  'y',
];

/**
 * The columns of code and target; undefined where no column can be the code. What `given` says is taken as it is. A
 * target that nobody asks for is only taken where the first row's value is a label, or is not known yet (CSV).
 */
export function guessColumns(
  { fields, first, container }: Pick<DatasetFile, 'fields' | 'first' | 'container'>,
  requireTarget: boolean,
  given: FieldMapping = NO_MAPPING,
): FieldMapping | undefined {
  const code = given.fields.get('code') ?? columnNamed(CODE_NAMES, fields);
  if (code === undefined) return undefined;
  const isLabel = (column: string) =>
    requireTarget || container === 'csv' || targetOf(first[column], given) !== undefined;
  const guessed = columnNamed(TARGET_NAMES, fields);
  const target =
    given.fields.get('target') ?? (guessed !== undefined && isLabel(guessed) ? guessed : undefined);
  const found = [['code', code] as const, ...(target === undefined ? [] : [['target', target] as const])];
  return { ...given, fields: new Map([...found, ...given.fields]) };
}

function columnNamed(names: readonly string[], columns: readonly string[]): string | undefined {
  const plain = columns.map((column) => column.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const name = names.find((one) => plain.includes(one));
  return name === undefined ? undefined : columns[plain.indexOf(name)];
}
