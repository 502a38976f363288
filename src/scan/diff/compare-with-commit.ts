/**
 * @file Which files of a scan are not as they were in a commit, in the repository and in those within it. A submodule is compared
 * with the commit that the commit around it records; a repository that the commit does not know is new as a whole.
 */
import { dirname, relative, sep } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { ListedFile } from '../../git/listed-file.ts';
import { locateRepository, type RepositoryPlace } from '../../git/locate-repository.ts';
import type { RepositoryView } from '../../git/repository-view.ts';
import type { Notices } from '../walk/notices.ts';
import { decodeSource, MOST_SOURCE_BYTES } from '../walk/read-source.ts';
import type { Repositories } from '../walk/repositories.ts';
import { type Changes, compareRepository } from './compare-repository.ts';

export interface DiffOptions {
  readonly repositories: Repositories;
  readonly notices: Notices;
  readonly signal: AbortSignal;
}

export interface CommitDiff {
  /** Whether the file is new or not as it was. */
  readonly isChanged: (path: string) => boolean;
  /** Undefined for a new file. */
  readonly earlierText: (path: string) => Promise<string | undefined>;
}

/** A repository with the files it had; undefined: it is not within the one that is compared. */
type Earlier = { readonly view: RepositoryView; readonly files: ReadonlyMap<string, ListedFile> } | undefined;

/** @throws VultuneError `SCAN_DIFF_BASE`; as `runGit` */
export async function compareWithCommit(
  paths: readonly string[],
  base: RepositoryPlace,
  revision: string,
  options: DiffOptions,
): Promise<CommitDiff> {
  const { repositories, notices, signal } = options;
  const trees = new EarlierTrees(base, await baseFiles(base, revision, options), options);
  const changes = new Map<string, { readonly id: string | undefined; readonly view: RepositoryView }>();
  for (const { place, files } of byRepository(paths)) {
    const earlier = place === undefined ? undefined : await trees.of(place);
    if (earlier === undefined) {
      for (const path of files) notices.add('outside the repository', path);
      continue;
    }
    const changed: Changes = await compareRepository(files, earlier.view, earlier.files, signal);
    for (const [path, id] of changed) changes.set(path, { id, view: earlier.view });
  }
  return {
    isChanged: (path) => changes.has(path),
    earlierText: async (path) => {
      const { id, view } = changes.get(path)!;
      if (id === undefined) return undefined;
      const bytes = await repositories.read(view, id, MOST_SOURCE_BYTES);
      if (bytes === undefined) notices.add('earlier version missing', path);
      return bytes === undefined ? undefined : decodeSource(bytes)?.text;
    },
  };
}

async function baseFiles(place: RepositoryPlace, revision: string, { repositories }: DiffOptions) {
  const view = await repositories.view(place);
  const commit = await view.commitOf(revision);
  const files = commit === undefined ? undefined : await view.filesOf(commit);
  if (files !== undefined) return files;
  const found =
    commit === undefined
      ? `git knows no commit "${revision}" in ${place.top}`
      : `${place.top} does not have the files of commit "${revision}"`;
  throw new VultuneError('SCAN_DIFF_BASE', found, {
    where: { name: '--diff' },
    hint: 'Give a branch, tag or commit of this repository; in CI, fetch it first (a shallow clone does not have it).',
  });
}

class EarlierTrees {
  readonly #options: DiffOptions;
  readonly #known = new Map<string, Promise<Earlier>>();
  readonly #base: RepositoryPlace;
  readonly #files: ReadonlyMap<string, ListedFile>;

  constructor(base: RepositoryPlace, files: ReadonlyMap<string, ListedFile>, options: DiffOptions) {
    this.#base = base;
    this.#files = files;
    this.#options = options;
  }

  async of(place: RepositoryPlace): Promise<Earlier> {
    const known = this.#known.get(place.top);
    if (known !== undefined) return await known;
    const found = this.#find(place);
    this.#known.set(place.top, found);
    return await found;
  }

  async #find(place: RepositoryPlace): Promise<Earlier> {
    const { repositories, notices } = this.#options;
    if (place.top === this.#base.top) return { view: await repositories.view(place), files: this.#files };
    const around = locateRepository(dirname(place.top));
    const outer = around === undefined ? undefined : await this.of(around);
    if (outer === undefined) return undefined;
    const view = await repositories.view(place);
    const recorded = outer.files.get(relative(outer.view.place.top, place.top).split(sep).join('/'));
    const files = recorded?.kind === 'submodule' ? await view.filesOf(recorded.id) : new Map();
    if (files === undefined) notices.add('submodule without its commit', place.top);
    return { view, files: files ?? new Map() };
  }
}

interface Group {
  readonly place: RepositoryPlace | undefined;
  readonly files: string[];
}

/** By the nearest repository above each file. */
function byRepository(paths: readonly string[]): Iterable<Group> {
  const places = new Map<string, RepositoryPlace | undefined>();
  const groups = new Map<string | undefined, Group>();
  for (const path of paths) {
    const folder = dirname(path);
    if (!places.has(folder)) places.set(folder, locateRepository(folder));
    const place = places.get(folder);
    const group = groups.get(place?.top) ?? { place, files: [] };
    groups.set(place?.top, group);
    group.files.push(path);
  }
  return groups.values();
}
