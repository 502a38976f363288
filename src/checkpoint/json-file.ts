/** @file JSON files that belong to a checkpoint: read, or an error that says which file and where in it. */
import { readFile } from 'node:fs/promises';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';

/** Throws FILE_MISSING and the like, or `code` when the file holds no JSON object. */
export async function readJsonObject(path: string, code: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(error, path, 'read');
  });
  const value = parse(path, code, text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new VultuneError(code, `${path} holds no JSON object`, { where: { file: path } });
}

function parse(path: string, code: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/position (\d+)/.exec(reason)?.[1] ?? text.length);
    const line = text.slice(0, position).split('\n').length;
    throw new VultuneError(code, `${path}:${line} is not JSON: ${reason}`, {
      where: { file: path, line },
      cause,
    });
  }
}
