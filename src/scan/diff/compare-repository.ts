/**
 * @file Which files of one repository's work tree are not as they were in a commit. The work tree is read by us, byte for
 * byte: git would run the filters that the repository names. What git keeps of the files (its index, "assume unchanged") is not
 * believed.
 */
import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ListedFile } from '../../git/listed-file.ts';
import type { RepositoryView } from '../../git/repository-view.ts';
import { languageOfPath } from '../../source/languages.ts';
import { readBytes } from '../walk/read-source.ts';
import { blobId, withLineFeeds } from './blob-id.ts';
import { RenameSearch } from './rename-search.ts';

/** Changed and new files -> the id of what they were, undefined for a new one. */
export type Changes = ReadonlyMap<string, string | undefined>;

/**
 * @param paths absolute, of files that are there
 * @param before the commit's files
 */
export async function compareRepository(
  paths: readonly string[],
  view: RepositoryView,
  before: ReadonlyMap<string, ListedFile>,
  signal: AbortSignal,
): Promise<Changes> {
  const changes = new Map<string, string | undefined>();
  const renames = new RenameSearch(view);
  for (const path of paths) {
    signal.throwIfAborted();
    const earlier = before.get(relative(view.place.top, path).split(sep).join('/'));
    const read = await readBytes(path);
    // What cannot be read is not compared: the scan says why.
    if ('skipped' in read) changes.set(path, undefined);
    else if (earlier?.kind !== 'file') {
      changes.set(path, undefined);
      renames.addNew(path, read.bytes);
    } else if (!isSame(read.bytes, earlier.id)) changes.set(path, earlier.id);
  }
  if (!renames.isEmpty) {
    for (const [name, { kind, id }] of before) {
      const isGone = kind === 'file' && languageOfPath(name) !== undefined;
      if (isGone && !existsSync(join(view.place.top, name))) renames.addGone(name, id);
    }
    for (const [path, id] of await renames.find()) changes.set(path, id);
  }
  return changes;
}

function isSame(bytes: Buffer, id: string): boolean {
  if (blobId(bytes, id) === id) return true;
  const converted = withLineFeeds(bytes);
  return converted !== bytes && blobId(converted, id) === id;
}
