/**
 * @file One repository and the fixes wanted of it: opened, its commits looked up, what they changed fetched. Knows
 * nothing of lists or of what becomes of the changes.
 */

import type { Tally } from '../../../base/tally.ts';
import { runGit } from '../../../git/run-git.ts';
import { stopIfAborted } from '../../progress.ts';
import type { FixFacts, FixUnit, MatchedCommit } from '../../source.ts';
import { openFolder, updateClone } from './clone.ts';
import type { Commit } from './commit.ts';
import type { FixRow } from './fix-list.ts';
import { Repository } from './repository.ts';
import { parseRepository, type RepositoryAddress } from './repository-address.ts';

/** What is wanted of one repository. */
export interface RepositoryFixes {
  readonly address: RepositoryAddress;
  readonly rows: readonly FixRow[];
  /** Commits reachable from HEAD whose message matches, too. */
  readonly messages?: RegExp;
}

export interface GitOptions {
  /**
   * What to do with a commit of several parents: `advisories` compares those that a list names, or whose message names an
   * advisory, with their first parent, and skips the others.
   */
  readonly merges: 'advisories' | 'skip' | 'first-parent';
  readonly maxFileBytes: number;
  readonly isWanted?: (path: string) => boolean;
}

interface OpenOptions extends GitOptions {
  readonly cacheDir: string;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

export interface OpenedFixes {
  readonly repository: Repository;
  readonly units: readonly FixUnit[];
  /** Fixes that were found by their messages. */
  readonly matched: readonly MatchedCommit[];
  /** The newest commit whose message was looked at. */
  readonly newest?: string;
}

interface Fix {
  readonly commit: Commit;
  /** Whether a list names it, rather than its message alone. */
  readonly isListed: boolean;
  readonly cve: Set<string>;
  readonly cwe: Set<string>;
}

/** @throws VultuneError as `openFolder`; `GIT_FETCH_FAILED` */
export async function resolveFixes(wanted: RepositoryFixes, options: OpenOptions): Promise<OpenedFixes> {
  const { signal } = options;
  const { folder, origin } = await openFolder(wanted.address, options.cacheDir, signal);
  const repository = new Repository(folder, options);
  try {
    const { found, newest } = await findCommits(wanted, repository, options);
    const fixes: Fix[] = [];
    for (const fix of found) {
      const problem = await commitProblem(fix, repository, options);
      if (problem === undefined) fixes.push(fix);
      else options.tally.add(problem);
    }
    const commits = fixes.map((fix) => fix.commit);
    await repository.fetchChanged(commits, signal);
    const named = nameOf(wanted.address, origin);
    const units = fixes.map((fix) => toUnit(fix, repository, named, options));
    const matched = fixes.flatMap(({ commit, isListed }) =>
      isListed ? [] : [{ commit: commit.id, subject: subjectOf(commit) }],
    );
    return { repository, units, matched, ...(newest === undefined ? {} : { newest }) };
  } catch (error) {
    repository.retire();
    throw error;
  }
}

/** In the order of the rows, then of history; a commit once, with all that its rows say. */
async function findCommits(
  { rows, messages }: RepositoryFixes,
  repository: Repository,
  { tally, signal }: OpenOptions,
): Promise<{ readonly found: Iterable<Fix>; readonly newest: string | undefined }> {
  const fixes = new Map<string, Fix>();
  const add = (commit: Commit, cve: readonly string[], cwe: readonly string[], isListed: boolean) => {
    const fix = fixes.get(commit.id) ?? { commit, isListed, cve: new Set(), cwe: new Set() };
    for (const id of cve) fix.cve.add(id);
    for (const id of cwe) fix.cwe.add(id);
    fixes.set(commit.id, fix);
  };
  for (const row of rows) {
    stopIfAborted(signal);
    const commit = await repository.commit(row.commit, signal);
    if (commit === undefined) tally.add('commit not in the repository');
    else if (fixes.has(commit.id)) tally.add('list: same commit again');
    if (commit !== undefined) add(commit, row.cve, row.cwe, true);
  }
  let newest: string | undefined;
  if (messages !== undefined) {
    await updateClone(repository.folder, signal);
    for await (const commit of history(repository, signal)) {
      newest ??= commit.id;
      if (!messages.test(commit.message)) continue;
      add(
        commit,
        mentions(commit.message, /\bCVE-\d{4}-\d{4,}\b/gi),
        mentions(commit.message, /\bCWE-\d+\b/gi),
        false,
      );
    }
  }
  return { found: fixes.values(), newest };
}

const MOST_SUBJECT_CHARACTERS = 200;

function subjectOf({ message }: Commit): string {
  return (message.split('\n', 1)[0] ?? '').trim().slice(0, MOST_SUBJECT_CHARACTERS);
}

function mentions(message: string, pattern: RegExp): string[] {
  return [...message.matchAll(pattern)].map((match) => match[0].toUpperCase());
}

async function* history(repository: Repository, signal: AbortSignal): AsyncGenerator<Commit> {
  const { code, stdout } = await runGit(['rev-list', '--end-of-options', 'HEAD'], repository.folder, {
    signal,
  });
  if (code !== 0) return; // A repository without a commit.
  for (const id of stdout.split('\n')) {
    stopIfAborted(signal);
    if (id === '') continue;
    const commit = await repository.commit(id, signal);
    if (commit !== undefined) yield commit;
  }
}

/** GitHub merges the private fork of an advisory as `Merge pull request from GHSA-...`. */
const ADVISORY = /\b(?:GHSA(?:-[0-9a-z]{4}){3}|CVE-\d{4}-\d{4,})\b/i;

async function commitProblem(
  { commit, isListed }: Fix,
  repository: Repository,
  { merges }: GitOptions,
): Promise<string | undefined> {
  const isFollowed =
    merges === 'first-parent' || (merges === 'advisories' && (isListed || ADVISORY.test(commit.message)));
  if (commit.parents.length > 1 && !isFollowed) return 'merge commit';
  const parent = commit.parents[0];
  if (parent === undefined || (await repository.has(parent))) return undefined;
  return "commit's parent not in the repository (shallow clone)";
}

/** A local clone is named after where it was cloned from: its records are then the same on every machine. */
function nameOf(
  address: RepositoryAddress,
  origin: string | undefined,
): Pick<RepositoryAddress, 'identity' | 'project'> {
  if (address.kind === 'remote') return address;
  const named = { identity: address.project, project: address.project };
  if (origin === undefined) return named;
  try {
    const parsed = parseRepository(origin, '/');
    return parsed.kind === 'remote' && !parsed.location.startsWith('file:') ? parsed : named;
  } catch {
    return named; // Whatever its configuration says: nothing is fetched from there.
  }
}

function toUnit(
  { commit, cve, cwe }: Fix,
  repository: Repository,
  { identity, project }: Pick<RepositoryAddress, 'identity' | 'project'>,
  options: GitOptions,
): FixUnit {
  const facts: FixFacts = {
    project,
    commit: commit.id,
    ...(commit.date === undefined ? {} : { date: commit.date }),
    ...(cve.size === 0 ? {} : { cve: [...cve] }),
    ...(cwe.size === 0 ? {} : { cwe: [...cwe] }),
  };
  const key = `git:${identity}@${commit.id}:${options.maxFileBytes}`;
  return { key, facts, files: (tally, signal) => repository.changes(commit, tally, signal) };
}
