/** @file Reads a training configuration: file and overrides → a resolved `TrainConfig`, or one error of all that is wrong. */

import { readTextFile } from '../base/files.ts';
import { describeExpected, describeFound, schemaAt } from '../schema/words.ts';
import type { z } from '../schema/zod.ts';
import { findConflicts } from './cross-checks.ts';
import { configJsonSchema } from './describe.ts';
import { withFoundFiles } from './found-files.ts';
import { hintForUnknownKey } from './key-names.ts';
import { type Problem, problemsError } from './problems.ts';
import { type KeyPath, type Source, withOverrides, yamlSource } from './sources.ts';
import { resolveDefaults, type TrainConfig, type TrainOptions } from './train-config.ts';
import { trainSchema } from './train-schema.ts';

export interface LoadOptions {
  /** A YAML file; without one, the overrides are all there is. */
  readonly file?: string;
  /** `key=value`, later ones win. */
  readonly overrides?: readonly string[];
}

/** A configuration is a page of text; what is larger is another file, and would keep the parser busy. */
const MOST_BYTES = 1 << 20;

/**
 * Loads, checks and resolves a training configuration.
 * @throws VultuneError with all problems at once: `CONFIG_SYNTAX`, `CONFIG_KEY_UNKNOWN`, `CONFIG_KEY_MISSING`,
 * `CONFIG_VALUE_INVALID`, `CONFIG_CONFLICT`, `CONFIG_OVERRIDE_INVALID`, `CONFIG_INVALID` (several kinds);
 * `FILE_MISSING` and the like.
 */
export function loadTrainConfig({ file, overrides = [] }: LoadOptions): TrainConfig {
  const text = file === undefined ? '' : readTextFile(file, MOST_BYTES);
  const read = yamlSource(text, file ?? 'configuration');
  if (read.problems.length > 0) throw problemsError(read.problems);
  const { source, problems } = withOverrides(read.source, overrides, takesTextOnly);
  return withFoundFiles(checked(source, problems), file);
}

/** Checks and resolves the options of a program. @throws VultuneError as `loadTrainConfig`. */
export function checkTrainOptions(options: TrainOptions): TrainConfig {
  return withFoundFiles(parseTrainConfig(options, 'the options of train'), undefined);
}

/** Checks a configuration that was stored resolved (in run.json). @throws VultuneError as `loadTrainConfig`. */
export function parseTrainConfig(value: unknown, file: string): TrainConfig {
  const record = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  return checked({ value: record, placeOf: () => ({ file }) }, []);
}

function checked(source: Source, before: readonly Problem[]): TrainConfig {
  const result = trainSchema.safeParse(source.value);
  const problems = [...before, ...(result.success ? [] : issueProblems(result.error.issues, source))];
  if (result.success) {
    const config = resolveDefaults(result.data);
    problems.push(
      ...findConflicts(config).map(
        ({ key, ...conflict }): Problem => ({
          code: 'CONFIG_CONFLICT',
          key,
          place: source.placeOf([key]),
          ...conflict,
        }),
      ),
    );
    if (problems.length === 0) return config;
  }
  throw problemsError(problems);
}

function takesTextOnly(key: string): boolean {
  const schema = configJsonSchema().properties?.[key];
  const kinds = [schema?.type, ...(schema?.anyOf ?? []).map(({ type }) => type)];
  return kinds.includes('string') && !kinds.includes('number') && !kinds.includes('integer');
}

function issueProblems(issues: readonly z.core.$ZodIssue[], source: Source): readonly Problem[] {
  const found = issues.flatMap((issue): readonly Problem[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey([...path, key], source));
    return [badValue(path, source)];
  });
  // A value can fail in two ways at once; a reader wants it once.
  return found.filter((problem, index) => found.findIndex(({ key }) => key === problem.key) === index);
}

function unknownKey(path: KeyPath, source: Source): Problem {
  const holder = schemaAt(configJsonSchema(), path.slice(0, -1));
  const hint = hintForUnknownKey(String(path.at(-1)), Object.keys(holder.properties ?? {}));
  return {
    code: 'CONFIG_KEY_UNKNOWN',
    key: path.join('.'),
    message: `unknown key ${path.join('.')}`,
    place: source.placeOf(path, 'key'),
    hint: hint ?? '`vultune config keys` lists every key',
  };
}

function badValue(path: KeyPath, source: Source): Problem {
  const value = valueAt(source.value, path);
  const expected = describeExpected(schemaAt(configJsonSchema(), path));
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
