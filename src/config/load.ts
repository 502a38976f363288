/** @file Reads a training configuration: file and overrides → a resolved `TrainConfig`, or one error of all that is wrong. */

import { readTextFile } from '../base/files.ts';
import { findConflicts } from './cross-checks.ts';
import { configJsonSchema } from './describe.ts';
import { withFoundFiles } from './found-files.ts';
import { type Problem, problemsError } from './problems.ts';
import { schemaProblems } from './schema-problems.ts';
import { type Source, withOverrides, yamlSource } from './sources.ts';
import {
  resolveDefaults,
  type TrainConfig,
  type TrainOptions,
  type UnresolvedConfig,
  withMaxLength,
} from './train-config.ts';
import { trainSchema } from './train-schema.ts';

export interface LoadOptions {
  /** A YAML file; without one, the overrides are all there is. */
  readonly file?: string;
  /** `key=value`, later ones win. */
  readonly overrides?: readonly string[];
}

/** A configuration is a page of text; what is larger is another file, and would keep the parser busy. */
export const MOST_CONFIG_BYTES = 1 << 20;

/**
 * Loads, checks and resolves a training configuration.
 * @throws VultuneError with all problems at once: `CONFIG_SYNTAX`, `CONFIG_KEY_UNKNOWN`, `CONFIG_KEY_MISSING`,
 * `CONFIG_VALUE_INVALID`, `CONFIG_CONFLICT`, `CONFIG_OVERRIDE_INVALID`, `CONFIG_INVALID` (several kinds);
 * `FILE_MISSING` and the like.
 */
export function loadTrainConfig({ file, overrides = [] }: LoadOptions): UnresolvedConfig {
  const text = file === undefined ? '' : readTextFile(file, MOST_CONFIG_BYTES);
  const read = yamlSource(text, file ?? 'configuration');
  if (read.problems.length > 0) throw problemsError(read.problems);
  const { source, problems } = withOverrides(read.source, overrides, takesTextOnly);
  return withFoundFiles(checked(source, problems), file);
}

/** Checks and resolves the options of a program. @throws VultuneError as `loadTrainConfig`. */
export function checkTrainOptions(options: TrainOptions): UnresolvedConfig {
  return withFoundFiles(checkedValue(options, 'the options of train'), undefined);
}

/**
 * Checks and resolves keys that were put together from a file and what is laid over it.
 * @param file relative paths that are not found start beside it
 * @throws VultuneError as `loadTrainConfig`.
 */
export function checkTrainValues(
  value: Readonly<Record<string, unknown>>,
  file: string,
  overrides: readonly string[] = [],
): UnresolvedConfig {
  const laid = withOverrides({ value, placeOf: () => ({ file }) }, overrides, takesTextOnly);
  return withFoundFiles(checked(laid.source, laid.problems), file);
}

/** Checks a configuration that was stored resolved (in run.json). @throws VultuneError as `loadTrainConfig`. */
export function parseTrainConfig(value: unknown, file: string): TrainConfig {
  const config = checkedValue(value, file);
  if (config.max_length !== 'auto') return withMaxLength(config, config.max_length);
  throw problemsError([
    {
      code: 'CONFIG_VALUE_INVALID',
      key: 'max_length',
      place: { file },
      message: 'max_length is auto, expected the length that it became when the run was made',
    },
  ]);
}

function checkedValue(value: unknown, file: string): UnresolvedConfig {
  const record = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  return checked({ value: record, placeOf: () => ({ file }) }, []);
}

function checked(source: Source, before: readonly Problem[]): UnresolvedConfig {
  const result = trainSchema.safeParse(source.value);
  const problems = [
    ...before,
    ...(result.success ? [] : schemaProblems(result.error.issues, source, described())),
  ];
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

const described = () => ({ schema: configJsonSchema(), listing: LISTING });
const LISTING = '`vultune config keys` lists every key';

function takesTextOnly(key: string): boolean {
  const schema = configJsonSchema().properties?.[key];
  const kinds = [schema?.type, ...(schema?.anyOf ?? []).map(({ type }) => type)];
  return kinds.includes('string') && !kinds.includes('number') && !kinds.includes('integer');
}
