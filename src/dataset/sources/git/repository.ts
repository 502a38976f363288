/**
 * @file An open repository: its commits, and the changed files of a commit with their texts, through processes that
 * live as long as it does. Lists of fixes are read elsewhere.
 */
import { VultuneError } from '../../../base/errors.ts';
import type { Tally } from '../../../base/tally.ts';
import { ProcessEnded } from '../../../git/byte-queue.ts';
import { type ChangedFile, ChangedFiles } from '../../../git/changed-files.ts';
import { type GitObject, ObjectReader } from '../../../git/object-reader.ts';
import type { GitFolder } from '../../../git/run-git.ts';
import { decodeText } from '../../../source/decode-text.ts';
import { languageOfPath } from '../../../source/languages.ts';
import type { FileChange } from '../../source.ts';
import { fetchCommit, fetchContents } from './clone.ts';
import { type Commit, parseCommit } from './commit.ts';

export interface ReadOptions {
  /** Larger files are passed over and counted. */
  readonly maxFileBytes: number;
  /** Which files to read; the languages that functions can be taken out of, unless told otherwise. */
  readonly isWanted?: (path: string) => boolean;
  /** Ends the processes. */
  readonly signal?: AbortSignal;
}

const MAX_COMMIT_BYTES = 4 * 2 ** 20;

/** Folders of a project that are not what it ships. A Java package may be called `test`, below src/main. */
const AUXILIARY =
  /^(?!(?:.*\/)?src\/main\/)(?:.*\/)?(?:fuzz(?:ing|ers?|[-_][^/]*)?|tests?(?:[-_][^/]*)?|testsuites?|testdata|bench(?:marks?|es)?(?:[-_][^/]*)?)\//i;

export class Repository {
  readonly folder: GitFolder;
  readonly #options: ReadOptions;
  #reader: ObjectReader | undefined;
  #differ: ChangedFiles | undefined;
  #users = 0;
  #retired = false;

  constructor(folder: GitFolder, options: ReadOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /** A commit by its (shortened) hash; undefined: the repository has none such. */
  async commit(hash: string, signal: AbortSignal): Promise<Commit | undefined> {
    return await this.#use(async () => {
      const found = await this.#readCommit(hash);
      if (found !== undefined || !(await fetchCommit(this.folder, hash, signal))) return found;
      this.#closeProcesses(); // A running git has read the list of packs already.
      return await this.#readCommit(hash);
    });
  }

  async #readCommit(hash: string): Promise<Commit | undefined> {
    const object = await this.#object(`${hash}^{commit}`, MAX_COMMIT_BYTES);
    return object.found === 'yes' && object.type === 'commit'
      ? parseCommit(object.id, object.bytes)
      : undefined;
  }

  /** Whether the object is here: a shallow clone's oldest commits have parents that are not. */
  async has(id: string): Promise<boolean> {
    return await this.#use(async () => (await this.#object(id, 0)).found !== 'no');
  }

  /** Fetches what these commits changed, at once, where the repository is a partial clone. */
  async fetchChanged(commits: readonly Commit[], signal: AbortSignal): Promise<void> {
    if (this.folder.remote === undefined) return;
    const differ = new ChangedFiles(this.folder, false, this.#options.signal);
    const ids: string[] = [];
    try {
      for (const { id, parents } of commits) {
        for (const file of await differ.of(id, parents[0])) {
          if (!this.#isWanted(file.path)) continue;
          for (const side of [file.before, file.after]) if (side?.kind === 'file') ids.push(side.id);
        }
      }
    } finally {
      differ.close();
    }
    await fetchContents(this.folder, ids, signal);
    this.#closeProcesses();
  }

  /** The commit's changed source files, each side as text; what is passed over is counted. */
  async *changes(commit: Commit, tally: Tally, signal: AbortSignal): AsyncGenerator<FileChange> {
    this.#users++;
    try {
      for (const file of await this.#changedFiles(commit, tally)) {
        signal.throwIfAborted();
        const change = await this.#read(file, tally);
        if (change !== undefined) yield change;
      }
    } finally {
      this.#release();
    }
  }

  /** Undefined, and counted, when it is passed over. */
  async #read(file: ChangedFile, tally: Tally): Promise<FileChange | undefined> {
    const problem = this.#problem(file);
    if (problem !== undefined) {
      tally.add(problem);
      return undefined;
    }
    const texts: (string | undefined)[] = [];
    for (const side of [file.before, file.after]) {
      const text = side === undefined ? undefined : await this.#text(side.id, tally);
      if (side !== undefined && text === undefined) return undefined;
      texts.push(text);
    }
    const [before, after] = texts;
    const { path, pathBefore } = file;
    return { path, ...(pathBefore === undefined ? {} : { pathBefore }), before, after };
  }

  #problem({ before, after, path, status }: ChangedFile): string | undefined {
    const kinds = [before?.kind, after?.kind];
    if (kinds.includes('submodule')) return 'submodule';
    if (kinds.includes('link')) return 'symbolic link';
    if (AUXILIARY.test(path)) return 'fuzzing, test or benchmark file';
    if (!this.#isWanted(path)) return 'file that is not source code';
    if (before?.id !== after?.id) return undefined;
    return status === 'renamed' ? 'file renamed without a change' : 'only the mode of a file changed';
  }

  async #text(id: string, tally: Tally): Promise<string | undefined> {
    const object = await this.#object(id, this.#options.maxFileBytes);
    if (object.found === 'yes') return decodeText(object.bytes, tally);
    tally.add(object.found === 'no' ? 'content of a file is missing' : 'file over the size limit');
    return undefined;
  }

  #isWanted(path: string): boolean {
    return this.#options.isWanted?.(path) ?? languageOfPath(path) !== undefined;
  }

  /** Closes the processes once nobody reads any more; a later read opens them again, for itself. */
  retire(): void {
    this.#retired = true;
    if (this.#users === 0) this.#closeProcesses();
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#users--;
    if (this.#retired && this.#users === 0) this.#closeProcesses();
  }

  /** A damaged object ends git: those that were asked for beside it are asked for again, alone. */
  async #object(name: string, maxBytes: number): Promise<GitObject> {
    this.#reader ??= new ObjectReader(this.folder, this.#options.signal);
    const reader = this.#reader;
    try {
      return await reader.read(name, maxBytes);
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      if (this.#reader === reader) this.#reader = undefined;
    }
    const alone = new ObjectReader(this.folder, this.#options.signal);
    try {
      return await alone.read(name, maxBytes);
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      this.#refuseUnreachable(error);
      return { found: 'no' };
    } finally {
      alone.close();
    }
  }

  async #changedFiles({ id, parents }: Commit, tally: Tally): Promise<readonly ChangedFile[]> {
    this.#differ ??= new ChangedFiles(this.folder, true, this.#options.signal);
    const differ = this.#differ;
    try {
      return await differ.of(id, parents[0]);
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      if (this.#differ === differ) this.#differ = undefined;
    }
    const alone = new ChangedFiles(this.folder, false, this.#options.signal);
    try {
      return await alone.of(id, parents[0]);
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
      this.#refuseUnreachable(error);
      tally.add('commit that git cannot read (damaged repository)');
      return [];
    } finally {
      alone.close();
    }
  }

  /** In a partial clone what is not here is fetched: git ends where it cannot, and the content is not missing. */
  #refuseUnreachable(cause: ProcessEnded): void {
    if (this.folder.remote === undefined || !/promisor|fetch|remote/i.test(cause.message)) return;
    throw new VultuneError('GIT_FETCH_FAILED', `cannot fetch from ${this.folder.remote.location}`, {
      hint: 'run the same command again: it resumes where it stopped',
      cause,
      exitCode: 1,
    });
  }

  #closeProcesses(): void {
    this.#reader?.close();
    this.#differ?.close();
    [this.#reader, this.#differ] = [undefined, undefined];
  }
}
