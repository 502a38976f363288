/**
 * @file The repositories that a scan meets: the one it was started in, submodules, nested ones. Each is opened once, as a
 * view, and what it tracks is asked once. Without git, or without an index that git can read, nothing is known to be tracked.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { ListedFile } from '../../git/listed-file.ts';
import type { RepositoryPlace } from '../../git/locate-repository.ts';
import { ObjectReader } from '../../git/object-reader.ts';
import { RepositoryView } from '../../git/repository-view.ts';
import type { Notices } from './notices.ts';

export class Repositories {
  readonly #notices: Notices;
  readonly #signal: AbortSignal;
  readonly #views = new Map<string, Promise<RepositoryView>>();
  readonly #tracked = new Map<string, Promise<TrackedFiles | undefined>>();
  readonly #readers = new Map<RepositoryView, ObjectReader>();

  constructor(notices: Notices, signal: AbortSignal) {
    this.#notices = notices;
    this.#signal = signal;
  }

  /** @throws VultuneError `GIT_MISSING`, as `runGit` */
  async view(place: RepositoryPlace): Promise<RepositoryView> {
    const known = this.#views.get(place.top);
    if (known !== undefined) return await known;
    const opening = RepositoryView.open(place, this.#signal);
    this.#views.set(place.top, opening);
    return await opening;
  }

  /** Undefined, and noticed where there is an index: git cannot say. */
  async tracked(place: RepositoryPlace): Promise<TrackedFiles | undefined> {
    const known = this.#tracked.get(place.top);
    if (known !== undefined) return await known;
    const asked = this.#askTracked(place);
    this.#tracked.set(place.top, asked);
    return await asked;
  }

  async #askTracked(place: RepositoryPlace): Promise<TrackedFiles | undefined> {
    try {
      const files = await (await this.view(place)).trackedFiles();
      if (files !== undefined) return new TrackedFiles(files, await this.ignoresCase(place));
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      if (!(error instanceof VultuneError)) throw error;
    }
    if (existsSync(join(place.gitFolder, 'index'))) this.#notices.add('index not read', place.top);
    return undefined;
  }

  /** core.ignoreCase: git sets it where a repository is made on a disk that has no letter case. */
  async ignoresCase(place: RepositoryPlace): Promise<boolean> {
    try {
      const value = (await this.view(place)).settings.get('core.ignorecase')?.toLowerCase();
      return value !== undefined && /^(?:true|yes|on|[1-9]\d*)$/.test(value);
    } catch (error) {
      if (this.#signal.aborted || error instanceof VultuneError) return false;
      throw error;
    }
  }

  /** An object's bytes; undefined: it is not here, cannot be read, or is larger. */
  async read(view: RepositoryView, id: string, mostBytes: number): Promise<Buffer | undefined> {
    let reader = this.#readers.get(view);
    if (reader === undefined) {
      reader = new ObjectReader(view.folder, this.#signal);
      this.#readers.set(view, reader);
    }
    try {
      const object = await reader.read(id, mostBytes);
      return object.found === 'yes' ? object.bytes : undefined;
    } catch {
      this.#signal.throwIfAborted();
      // A damaged object ends git; the next one is asked of another.
      if (this.#readers.get(view) === reader) this.#readers.delete(view);
      reader.close();
      return undefined;
    }
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) reader.close();
    for (const opening of this.#views.values()) {
      await opening.then(
        (view) => view.close(),
        () => undefined, // Never opened: whoever asked for it knows.
      );
    }
  }
}

/** What git tracks of one repository, by paths relative to its top. */
export class TrackedFiles {
  readonly #files: ReadonlyMap<string, ListedFile>;
  readonly #folders = new Set<string>();
  readonly #keyOf: (path: string) => string;

  constructor(files: ReadonlyMap<string, ListedFile>, ignoreCase: boolean) {
    this.#keyOf = ignoreCase ? (path) => path.toLowerCase() : (path) => path;
    this.#files = new Map([...files].map(([path, file]) => [this.#keyOf(path), file]));
    for (const path of this.#files.keys()) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        if (this.#folders.has(path.slice(0, end))) break;
        this.#folders.add(path.slice(0, end));
      }
    }
  }

  has(path: string): boolean {
    return this.#files.has(this.#keyOf(path));
  }

  isSubmodule(path: string): boolean {
    return this.#files.get(this.#keyOf(path))?.kind === 'submodule';
  }

  /** Whether something tracked is in the folder, or the folder itself is a submodule. */
  hasBelow(folder: string): boolean {
    return this.#folders.has(this.#keyOf(folder)) || this.isSubmodule(folder);
  }
}
