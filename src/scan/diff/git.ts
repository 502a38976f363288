/** @file What the scanner asks git: the repository's folder, the files that changed against a commit, old contents. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { VultuneError } from '../../base/errors.ts';
import { MOST_SOURCE_BYTES } from '../walk/read-source.ts';

const run = promisify(execFile);
const MOST_LISTING_BYTES = 256_000_000;

/** Undefined outside a repository, or without git. */
export async function repositoryFolder(folder: string): Promise<string | undefined> {
  try {
    return (await git(folder, ['rev-parse', '--show-toplevel'])).trim();
  } catch {
    return undefined;
  }
}

/** The commit that a branch, tag or commit is. Throws SCAN_DIFF_BASE. */
export async function commitOf(repository: string, revision: string): Promise<string> {
  try {
    const out = await git(repository, [
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    ]);
    return out.trim();
  } catch (cause) {
    throw new VultuneError('SCAN_DIFF_BASE', `git knows no commit "${revision}" in ${repository}`, {
      where: { name: '--diff' },
      hint: 'Give a branch, tag or commit that is here: in CI, fetch it first (a shallow clone does not have it).',
      cause,
    });
  }
}

/** Changed and new files -> the path they had in the commit, undefined for a new one. Paths relative to the repository. */
export async function changedFiles(
  repository: string,
  commit: string,
): Promise<ReadonlyMap<string, string | undefined>> {
  const changed = new Map<string, string | undefined>();
  const diff = await git(repository, [
    'diff',
    '--name-status',
    '-z',
    '--find-renames',
    '--no-ext-diff',
    commit,
    '--',
  ]);
  const fields = diff.split('\0');
  for (let i = 0; i + 1 < fields.length; ) {
    const status = fields[i]![0];
    const [from, to] = [fields[i + 1]!, fields[i + 2]];
    const isPair = status === 'R' || status === 'C';
    i += isPair ? 3 : 2;
    if (isPair) changed.set(to!, from);
    else if (status === 'A') changed.set(from, undefined);
    else if (status !== 'D') changed.set(from, from);
  }
  const untracked = await git(repository, ['ls-files', '--others', '--exclude-standard', '-z']);
  for (const path of untracked.split('\0')) if (path !== '') changed.set(path, undefined);
  return changed;
}

/** A file's text in a commit; undefined when it cannot be had, or is too large to be scanned. */
export async function textAt(repository: string, commit: string, path: string): Promise<string | undefined> {
  try {
    return await git(repository, ['cat-file', 'blob', `${commit}:${path}`], MOST_SOURCE_BYTES);
  } catch {
    return undefined;
  }
}

/** A hook tells git's own commands which repository and index they are in; ours are told by the folder. */
const OF_THE_CALLER: ReadonlySet<string> = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
]);

async function git(folder: string, args: readonly string[], maxBuffer = MOST_LISTING_BYTES): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_THE_CALLER.has(name)));
  const { stdout } = await run('git', ['-C', folder, ...args], { maxBuffer, encoding: 'utf8', env });
  return stdout;
}
