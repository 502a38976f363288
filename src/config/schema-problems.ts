/**
 * @file What a schema finds wrong with the values of a configuration, as problems with their places: unknown keys with the
 * nearest known one, values with what was expected. Knows no key by name.
 */
import { describeExpected, describeFound, type JsonSchema, schemaAt } from '../schema/words.ts';
import type { z } from '../schema/zod.ts';
import { hintForUnknownKey } from './key-names.ts';
import type { Problem } from './problems.ts';
import type { KeyPath, Source } from './sources.ts';

export interface DescribedSchema {
  readonly schema: JsonSchema;
  /** The hint for a key that resembles none: how all of them are listed. */
  readonly listing: string;
}

/** A value can fail in two ways at once; a reader wants it once. */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  source: Source,
  described: DescribedSchema,
): readonly Problem[] {
  const found = issues.flatMap((issue): readonly Problem[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey([...path, key], source, described));
    return [badValue(path, source, described)];
  });
  return found.filter((problem, index) => found.findIndex(({ key }) => key === problem.key) === index);
}

function unknownKey(path: KeyPath, source: Source, { schema, listing }: DescribedSchema): Problem {
  const holder = schemaAt(schema, path.slice(0, -1));
  const hint = hintForUnknownKey(String(path.at(-1)), Object.keys(holder.properties ?? {}));
  return {
    code: 'CONFIG_KEY_UNKNOWN',
    key: path.join('.'),
    message: `unknown key ${path.join('.')}`,
    place: source.placeOf(path, 'key'),
    hint: hint ?? listing,
  };
}

function badValue(path: KeyPath, source: Source, { schema }: DescribedSchema): Problem {
  const value = valueAt(source.value, path);
  const expected = describeExpected(schemaAt(schema, path));
  const key = path.join('.');
  const place = source.placeOf(path);
  if (value === undefined && path.length === 1) {
    return { code: 'CONFIG_KEY_MISSING', key, place, message: `${key} is missing, expected ${expected}` };
  }
  const message = `${key} is ${describeFound(value)}, expected ${expected}`;
  const hint = hintForValue(value, expected);
  return { code: 'CONFIG_VALUE_INVALID', key, place, message, ...(hint === undefined ? {} : { hint }) };
}

function hintForValue(value: unknown, expected: string): string | undefined {
  if (typeof value === 'string' && value.includes(',') && expected.includes('a list')) {
    return `write a list as [${value}]`;
  }
  if (typeof value === 'number' && expected.startsWith('a string')) return `write it in quotes: "${value}"`;
  return undefined;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (holder, part) =>
      typeof holder === 'object' && holder !== null
        ? (holder as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
}
