/**
 * @file The hub's cache on disk, as Python's library lays it out, so that both share what they fetch:
 * models--ORG--NAME/{blobs/HASH, refs/REVISION → commit, snapshots/COMMIT/FILE → link to a blob}.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { getHFHubCachePath, getRepoFolderName } from '@huggingface/hub';
import { writeFileAtomic } from '../../base/files.ts';

export interface HubCache {
  readonly folder: string;
  readonly blob: (hash: string) => string;
  readonly snapshot: (commit: string) => string;
}

/** HF_HUB_CACHE, HF_HOME/hub ... */
export function hubCacheDir(cacheDir: string | undefined): string {
  return (cacheDir ?? getHFHubCachePath()).replace(/^~(?=$|[\\/])/, homedir());
}

export function hubCache(
  cacheDir: string | undefined,
  name: string,
  type: RepositoryType = 'model',
): HubCache {
  const folder = join(hubCacheDir(cacheDir), getRepoFolderName({ type, name }));
  return {
    folder,
    blob: (hash) => join(folder, 'blobs', hash),
    snapshot: (commit) => join(folder, 'snapshots', commit),
  };
}

export type RepositoryType = 'model' | 'dataset';

export const COMMIT = /^[0-9a-f]{40}$/;

/** The commit of a branch, tag or commit whose files are all here. */
export async function cachedCommit(
  cache: HubCache,
  revision: string,
  isWhole: (folder: string) => Promise<boolean>,
): Promise<string | undefined> {
  const commit = COMMIT.test(revision)
    ? revision
    : await readFile(join(cache.folder, 'refs', revision), 'utf8').then(
        (text) => text.trim(),
        () => undefined, // Never fetched.
      );
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  return (await isWhole(cache.snapshot(commit))) ? commit : undefined;
}

/** Remembers what a branch or tag pointed to. */
export function storeRef(cache: HubCache, revision: string, commit: string): void {
  if (revision !== commit) writeFileAtomic(join(cache.folder, 'refs', revision), commit);
}

/** snapshots/COMMIT/FILE → ../../blobs/HASH; a copy where the system has no links. */
export async function linkBlob(cache: HubCache, hash: string, commit: string, file: string): Promise<void> {
  const link = join(cache.snapshot(commit), file);
  if (existsSync(link)) return;
  await mkdir(dirname(link), { recursive: true });
  const temporary = `${link}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  try {
    await symlink(relative(dirname(link), cache.blob(hash)), temporary);
  } catch {
    await copyFile(cache.blob(hash), temporary);
  }
  await rename(temporary, link);
}
