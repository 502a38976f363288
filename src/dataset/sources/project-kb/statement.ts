/** @file What a statement of project-kb says of a vulnerability: its id and its fix commits. Reads no archive. */
import { parse } from 'yaml';
import { VultuneError } from '../../../base/errors.ts';
import { readTextFile } from '../../../base/files.ts';

export interface Statement {
  readonly vulnerability: string;
  /** Commit → URL of its repository. */
  readonly repositories: ReadonlyMap<string, string>;
}

/** @throws VultuneError `SOURCE_STATEMENT` with the file; `FILE_*`. */
export function readStatement(path: string): Statement {
  const wrong = (found: string, cause?: unknown) =>
    new VultuneError('SOURCE_STATEMENT', `${path}: ${found}`, { where: { file: path }, cause });
  let content: unknown;
  try {
    // The failsafe schema: a commit such as 1338469 or 55e8 is a text, never a number. No alias bombs either.
    content = parse(readTextFile(path), { schema: 'failsafe', maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof VultuneError) throw error;
    throw wrong(`this is not YAML (${String(error).split('\n')[0]})`, error);
  }
  const vulnerability = field(content, 'vulnerability_id');
  if (typeof vulnerability !== 'string' || vulnerability === '') throw wrong('vulnerability_id is missing');
  const repositories = new Map<string, string>();
  for (const fix of list(field(content, 'fixes'))) {
    for (const commit of list(field(fix, 'commits'))) {
      const [id, repository] = [field(commit, 'id'), field(commit, 'repository')];
      if (typeof id === 'string' && typeof repository === 'string') repositories.set(id, repository);
    }
  }
  return { vulnerability, repositories };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
