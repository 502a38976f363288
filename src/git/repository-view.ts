/**
 * @file Somebody's repository, read through a git folder of ours: its objects, branches and index, and never its
 * configuration, hooks, attributes or work tree. git looks for all of those in the git folder that it is given, and that
 * one is made here: a temporary folder with a configuration of two lines.
 */
import { copyFileSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ListedFile, parseListing } from './listed-file.ts';
import type { RepositoryPlace } from './locate-repository.ts';
import { type GitFolder, type RunOptions, runGit } from './run-git.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export class RepositoryView {
  readonly place: RepositoryPlace;
  readonly folder: GitFolder;
  /** From its configuration file alone, keys in lower case as git has them: data that only the reader below acts on. */
  readonly settings: ReadonlyMap<string, string>;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    place: RepositoryPlace,
    folder: GitFolder,
    settings: ReadonlyMap<string, string>,
    signal: AbortSignal | undefined,
  ) {
    this.place = place;
    this.folder = folder;
    this.settings = settings;
    this.#signal = signal;
  }

  /** @throws VultuneError `GIT_MISSING`, as `runGit`. Whether there is anything to read shows when it is read. */
  static async open(place: RepositoryPlace, signal?: AbortSignal): Promise<RepositoryView> {
    const path = makeTemporaryFolder();
    try {
      const folder: GitFolder = { path };
      writeFileSync(join(path, 'HEAD'), 'ref: refs/heads/none\n');
      for (const name of ['objects/info', 'refs', 'logs']) mkdirSync(join(path, name), { recursive: true });
      writeConfiguration(path, new Map());
      const settings = await readSettings(join(place.commonFolder, 'config'), folder, signal);
      fillFolder(path, place);
      writeConfiguration(path, settings);
      return new RepositoryView(place, folder, settings, signal);
    } catch (error) {
      removeTemporaryFolder(path);
      throw error;
    }
  }

  /** The commit that a branch, a tag or a hash names; undefined: none that is here. */
  async commitOf(revision: string): Promise<string | undefined> {
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
    const { code, stdout } = await this.run(args, { limitMs: 60_000 });
    return code === 0 ? stdout.trim() : undefined;
  }

  /** What a commit holds, by path; undefined: its trees are not all here. */
  async filesOf(commit: string): Promise<ReadonlyMap<string, ListedFile> | undefined> {
    const { code, stdout } = await this.run([
      'ls-tree',
      '-r',
      '-z',
      '--full-tree',
      '--end-of-options',
      commit,
    ]);
    return code === 0 ? parseListing(stdout, /^(\d+) \w+ ([0-9a-f]+)$/) : undefined;
  }

  /** What git tracks: the index, by path; empty before the first `git add`; undefined: git cannot read it. */
  async trackedFiles(): Promise<ReadonlyMap<string, ListedFile> | undefined> {
    const index = join(this.place.gitFolder, 'index');
    const stat = lstatSync(index, { throwIfNoEntry: false });
    if (stat === undefined) return new Map();
    if (!stat.isFile()) return undefined;
    const env = { GIT_INDEX_FILE: index };
    const { code, stdout } = await this.run(['ls-files', '--cached', '--stage', '-z'], { env });
    return code === 0 ? parseListing(stdout, /^(\d+) ([0-9a-f]+) \d$/) : undefined;
  }

  /** git in the view's folder: what it writes stays there and goes with it. */
  async run(args: readonly string[], options: RunOptions = {}) {
    const signal = this.#signal === undefined ? {} : { signal: this.#signal };
    return await runGit(args, this.folder, { ...signal, ...options });
  }

  close(): void {
    removeTemporaryFolder(this.folder.path);
  }
}

/** Objects stay where they are: git reads them as another folder's, and writes none there. */
function fillFolder(path: string, { gitFolder, commonFolder }: RepositoryPlace): void {
  link(join(commonFolder, 'objects'), join(path, 'their-objects'));
  writeFileSync(join(path, 'objects/info/alternates'), `${join(path, 'their-objects')}\n`);
  for (const name of ['refs', 'reftable', 'logs/refs']) {
    const theirs = join(commonFolder, name);
    if (lstatSync(theirs, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    rmSync(join(path, name), { recursive: true, force: true });
    link(theirs, join(path, name));
  }
  for (const name of ['packed-refs', 'shallow']) copyIfFile(join(commonFolder, name), join(path, name));
  for (const name of ['HEAD', 'logs/HEAD', 'ORIG_HEAD', 'FETCH_HEAD', 'MERGE_HEAD']) {
    copyIfFile(join(gitFolder, name), join(path, name));
  }
  // The other half of an index that is split.
  for (const name of readNames(gitFolder)) {
    if (/^sharedindex\.[0-9a-f]+$/.test(name)) copyIfFile(join(gitFolder, name), join(path, name));
  }
}

function link(target: string, path: string): void {
  // A junction needs no rights on Windows; elsewhere the type means nothing.
  symlinkSync(target, path, 'junction');
}

function copyIfFile(from: string, to: string): void {
  if (lstatSync(from, { throwIfNoEntry: false })?.isFile() === true) copyFileSync(from, to);
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Copies only the two settings without which objects and branches cannot be read, and only known values of them. */
function writeConfiguration(path: string, theirs: ReadonlyMap<string, string>): void {
  const kept = [
    ['objectFormat', theirs.get('extensions.objectformat'), 'sha256'],
    ['refStorage', theirs.get('extensions.refstorage'), 'reftable'],
  ].flatMap(([name, found, known]) => (found === known ? [`\t${name} = ${known}\n`] : []));
  const extensions = kept.length === 0 ? '' : `[extensions]\n${kept.join('')}`;
  const core = `[core]\n\trepositoryFormatVersion = ${kept.length === 0 ? 0 : 1}\n\tbare = true\n`;
  // A clone of the view (of a `file:` address) may ask for what our clones ask for.
  const serving = '[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n';
  writeFileSync(join(path, 'config'), `${core}${extensions}${serving}`);
}

const MOST_SETTINGS_BYTES = 10_000_000;

/** git parses the file as a file: `--no-includes` follows nothing out of it. */
async function readSettings(
  file: string,
  folder: GitFolder,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const settings = new Map<string, string>();
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > MOST_SETTINGS_BYTES) return settings;
  const args = ['config', '--file', file, '--no-includes', '--list', '-z'];
  const { code, stdout } = await runGit(args, folder, signal === undefined ? {} : { signal });
  if (code !== 0) return settings; // Not a configuration that git could read.
  for (const entry of stdout.split('\0')) {
    const end = entry.indexOf('\n');
    // `[core] ignoreCase` without a value means true.
    if (entry !== '')
      settings.set(end === -1 ? entry : entry.slice(0, end), end === -1 ? 'true' : entry.slice(end + 1));
  }
  return settings;
}
