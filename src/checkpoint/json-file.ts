/**
 * @file JSON files that belong to a model or an adapter: read whole, within a size, or an error that says which file and where
 * in it. Numbers may be written as Python writes them.
 */
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { VultuneError } from '../base/errors.ts';
import { fileError, readTextFile } from '../base/files.ts';
import { describeFound } from '../schema/words.ts';

/** No such file of a published model is larger; tokenizers come closest with 40 MB. */
const MOST_BYTES = 256 * 2 ** 20;

export interface JsonFileOptions {
  /** Code of the error for what is not a JSON object, or too large. */
  readonly code: string;
  readonly mostBytes?: number;
}

/** Throws FILE_MISSING and the like, or `code` when the file is too large or holds no JSON object. */
export async function readJsonObject(
  path: string,
  code: string,
  mostBytes = MOST_BYTES,
): Promise<Record<string, unknown>> {
  checkSize(path, code, mostBytes);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(error, path, 'read');
  });
  return parseObject(path, code, text);
}

/** As {@link readJsonObject}, at once. */
export function readJsonObjectSync(
  path: string,
  { code, mostBytes = MOST_BYTES }: JsonFileOptions,
): Record<string, unknown> {
  checkSize(path, code, mostBytes);
  return parseObject(path, code, readTextFile(path));
}

function checkSize(path: string, code: string, mostBytes: number): void {
  const found = statOf(path);
  // A missing file, or a folder, is told by who reads it.
  if (found === undefined || found.isDirectory()) return;
  if (found.isFile() && found.size <= mostBytes) return;
  const what = found.isFile() ? `has ${found.size} bytes` : 'is not a regular file';
  throw new VultuneError(code, `${path} ${what}, expected a JSON file of at most ${mostBytes} bytes`, {
    where: { file: path },
  });
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

const HINT = 'The file is damaged, or was not fetched whole: fetch it again.';

function parseObject(path: string, code: string, text: string): Record<string, unknown> {
  const value = parse(path, code, text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new VultuneError(
    code,
    `${path} holds ${describeFound(value).slice(0, 120)}, expected a JSON object`,
    {
      where: { file: path },
      hint: HINT,
    },
  );
}

function parse(path: string, code: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const asPython = parsePython(text);
    if (asPython !== undefined) return asPython.value;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/position (\d+)/.exec(reason)?.[1] ?? text.length);
    const line = text.slice(0, position).split('\n').length;
    throw new VultuneError(code, `${path}:${line} is not JSON: ${reason}; expected a JSON object`, {
      where: { file: path, line },
      hint: HINT,
      cause,
    });
  }
}

/** Undefined for what is not JSON even so. */
function parsePython(text: string): { readonly value: unknown } | undefined {
  const plain = withoutPythonNumbers(text);
  if (plain === text) return undefined;
  try {
    return { value: JSON.parse(plain) };
  } catch {
    return undefined;
  }
}

/**
 * Python's json writes NaN, Infinity and -Infinity, which JSON does not have. Where they stand outside texts they become a
 * number too large for a double: it reads as infinity, which a field that takes a number refuses and any other ignores.
 */
function withoutPythonNumbers(text: string): string {
  const word = /-?Infinity|NaN/y;
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') at = endOfText(text, at);
    else if (letter === 'N' || letter === 'I' || letter === '-') {
      word.lastIndex = at;
      const found = word.exec(text)?.[0];
      if (found === undefined) continue;
      parts.push(text.slice(from, at), '1e999');
      from = at + found.length;
      at = from - 1;
    }
  }
  return parts.join('') + text.slice(from);
}

/** Where the closing quote of a text stands that begins at `start`. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
