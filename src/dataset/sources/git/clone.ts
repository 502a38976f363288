/**
 * @file Repositories on this disk: those that are here through a view, remote ones as partial clones (history without
 * contents) in the cache. A clone is there when it is whole; contents are fetched in one go and then known.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { VultuneError } from '../../../base/errors.ts';
import { makeFolder, writeFileAtomic } from '../../../base/files.ts';
import { isProcessAlive } from '../../../base/process-alive.ts';
import { bareRepositoryAt, type RepositoryPlace, repositoryAt } from '../../../git/locate-repository.ts';
import { RepositoryView } from '../../../git/repository-view.ts';
import { type GitFolder, type GitRemote, runGit } from '../../../git/run-git.ts';
import { withoutSecrets } from '../../../git/without-secrets.ts';
import type { RepositoryAddress } from './repository-address.ts';

/** A folder that git may run in, and the address that the repository was once cloned from, where it says so. */
export interface OpenedFolder {
  readonly folder: GitFolder;
  readonly origin?: string;
}

/**
 * The repository's folder, cloned where it is remote and not there yet.
 * @throws VultuneError `GIT_REPOSITORY_MISSING` (local), `GIT_CLONE_FAILED` (remote), `GIT_MISSING`
 */
export async function openFolder(
  address: RepositoryAddress,
  cacheDir: string,
  signal: AbortSignal,
): Promise<OpenedFolder> {
  return address.kind === 'local'
    ? await openLocal(address, signal)
    : { folder: await openClone(address, cacheDir, signal) };
}

/** Units may be read for as long as the process lives, and so the view stays. */
async function openLocal({ location }: RepositoryAddress, signal: AbortSignal): Promise<OpenedFolder> {
  const missing = (what: string) =>
    new VultuneError('GIT_REPOSITORY_MISSING', `${location} is not a Git repository: ${what}`, {
      where: { file: location },
    });
  if (!existsSync(location)) throw missing('no such folder');
  const place = placeAt(location);
  if (place === undefined) throw missing('it has no .git that leads to a repository');
  const { folder, settings } = await RepositoryView.open(place, signal);
  const origin = settings.get('remote.origin.url');
  return { folder, ...(origin === undefined ? {} : { origin }) };
}

function placeAt(location: string): RepositoryPlace | undefined {
  return repositoryAt(location) ?? bareRepositoryAt(location);
}

/** A server that is a folder of this disk runs with that folder's configuration: it is shown the view instead. */
async function remoteOf(address: RepositoryAddress, signal: AbortSignal): Promise<GitRemote> {
  if (!address.location.startsWith('file:')) return address;
  const place = placeAt(fileURLToPath(address.location));
  // git says what is wrong with the address.
  if (place === undefined) return address;
  const { folder } = await RepositoryView.open(place, signal);
  return { ...address, readAs: pathToFileURL(folder.path).href };
}

async function openClone(
  address: RepositoryAddress,
  cacheDir: string,
  signal: AbortSignal,
): Promise<GitFolder> {
  const name = address.project.replace(/[^\w.-]+/g, '_').slice(-60);
  const hash = createHash('sha256').update(address.identity).digest('hex').slice(0, 16);
  const path = join(cacheDir, 'repositories', `${name}-${hash}.git`);
  const remote = await remoteOf(address, signal);
  const folder: GitFolder = { path, remote };
  if (existsSync(path)) return folder;
  makeFolder(dirname(path));
  await removeLeftovers(path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const clone = ['clone', '--bare', '--filter=blob:none', '--template=', '--no-tags', '--quiet'];
    const { code, stderr } = await runGit(
      [...clone, '--', address.location, temporary],
      { path: dirname(path), remote, isParent: true },
      { signal },
    );
    if (code !== 0) throw cloneFailed(address, stderr);
    // Another build may have been quicker: then its clone stays.
    if (!existsSync(path)) await rename(temporary, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}

function cloneFailed(address: GitRemote, stderr: string): VultuneError {
  const said = stderr.split('\n').findLast((line) => /^(?:fatal|error)/.test(line)) ?? stderr.slice(0, 300);
  return new VultuneError('GIT_CLONE_FAILED', `cannot clone ${address.location}: ${withoutSecrets(said)}`, {
    where: { name: address.location },
    hint: 'check the address and the network; a private repository needs a credential helper or a key',
    exitCode: 1,
  });
}

/** A commit that no branch holds (a rewritten one, a pull request's): most servers give it when it is asked for by id. */
export async function fetchCommit(folder: GitFolder, id: string, signal: AbortSignal): Promise<boolean> {
  if (folder.remote === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) return false;
  const { code } = await runGit([...FETCH, '--filter=blob:none', 'origin', id], folder, { signal });
  return code === 0;
}

const FETCH = [
  '-c',
  'fetch.negotiationAlgorithm=noop',
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--recurse-submodules=no',
];

const FETCHED = 'vultune-fetched';

/** Fetches the contents that no earlier call fetched, in one request; git fetches what is missing one by one else. */
export async function fetchContents(
  folder: GitFolder,
  ids: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  if (folder.remote === undefined) return;
  const list = join(folder.path, FETCHED);
  const known = new Set((await readFile(list, 'utf8').catch(() => '')).split('\n'));
  const missing = [...new Set(ids)].filter((id) => !known.has(id)).sort();
  if (missing.length === 0) return;
  await fetchIds(folder, folder.remote, missing, signal);
  writeFileAtomic(list, [...known, ...missing].filter((id) => id !== '').join('\n'));
}

/** One that the remote has not makes it refuse all: halved until the others are here. Read later, that one is missing. */
async function fetchIds(
  folder: GitFolder,
  remote: GitRemote,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await runGit([...FETCH, '--filter=blob:none', '--stdin', 'origin'], folder, {
    signal,
    input: `${ids.join('\n')}\n`,
  });
  if (code === 0) return;
  if (!/not our ref|missing|bad object|did not send all necessary/i.test(stderr)) {
    throw new VultuneError(
      'GIT_FETCH_FAILED',
      `cannot fetch ${ids.length} files' contents of ${remote.location}: ${stderr.slice(0, 300)}`,
      { hint: 'run the same command again: it resumes where it stopped', exitCode: 1 },
    );
  }
  if (ids.length === 1) return;
  const middle = ids.length >> 1;
  await fetchIds(folder, remote, ids.slice(0, middle), signal);
  await fetchIds(folder, remote, ids.slice(middle), signal);
}

/** Brings a clone's branches up to date: commits are then looked for in today's history. */
export async function updateClone(folder: GitFolder, signal: AbortSignal): Promise<void> {
  if (folder.remote === undefined) return;
  const update = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--prune',
    '--recurse-submodules=no',
    '--filter=blob:none',
  ];
  const { code, stderr } = await runGit([...update, 'origin', '+refs/heads/*:refs/heads/*'], folder, {
    signal,
  });
  if (code !== 0) throw cloneFailed(folder.remote, stderr);
}

/** Clones of processes that were killed. */
async function removeLeftovers(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    const pid = /^(.*)\.(\d+)\.tmp$/.exec(name);
    if (pid === null || pid[1] !== basename(path) || isProcessAlive(Number(pid[2]))) continue;
    await rm(join(dirname(path), name), { recursive: true, force: true });
  }
}
