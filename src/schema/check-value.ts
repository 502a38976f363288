/**
 * @file Checks a value from outside (a JSON file, a cache line, a header) against a schema. The first thing that is
 * wrong becomes one error: where it is, what was found, what was expected.
 */
import { VultuneError } from '../base/errors.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { describeExpected, describeFound, schemaAt } from './words.ts';
import type { z } from './zod.ts';

export interface CheckOptions {
  /** Code of the error: `RUN_FILE_BROKEN`. */
  readonly code: string;
  /** The file the value was read from. */
  readonly file: string;
  /** 1-based line, for files of JSON lines. */
  readonly line?: number | undefined;
  readonly hint?: string | undefined;
}

/** The value as the schema gives it. @throws VultuneError `options.code` for the first field that does not fit. */
export function checkValue<S extends z.ZodType>(
  schema: S,
  value: unknown,
  { code, file, line, hint }: CheckOptions,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problem = describeIssue(schema, value, result.error.issues[0]!);
  throw new VultuneError(code, problem.message, {
    where: {
      file,
      ...(line === undefined ? {} : { line }),
      ...(problem.name === '' ? {} : { name: problem.name }),
    },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Parses JSON text and checks it. @throws VultuneError `options.code` where it is not JSON or does not fit. */
export function checkJson<S extends z.ZodType>(schema: S, text: string, options: CheckOptions): z.output<S> {
  return checkValue(schema, parseJson(text, options), options);
}

/** For caches: the value, or undefined where the text is not JSON or does not fit the schema. */
export function jsonOrUndefined<S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function parseJson(text: string, { code, file, line, hint }: CheckOptions): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VultuneError(code, `not valid JSON: ${reason.slice(0, 120)}`, {
      where: { file, ...(line === undefined ? {} : { line }) },
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
  }
}

function describeIssue(
  schema: z.ZodType,
  value: unknown,
  issue: z.core.$ZodIssue,
): { readonly message: string; readonly name: string } {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const name = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return { name, message: `unknown field "${issue.keys.join('", "')}"` };
  }
  const subject = name === '' ? 'the value' : `"${name}"`;
  if (issue.code === 'custom') return { name, message: `${subject}: ${issue.message}` };
  const found = path.reduce<unknown>(
    (holder, part) =>
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, part)
        ? (holder as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
  const expected = describeExpected(schemaAt(jsonSchemaOf(schema), path));
  return { name, message: `${subject} is ${describeFound(found).slice(0, 120)}, expected ${expected}` };
}
