/**
 * @file The source files below the paths that a user gave. Follows no symbolic link, so no loop can catch it; reads names, never
 * contents. What it leaves out it counts.
 *
 * The rule: a file is left out for .gitignore's sake only where git leaves it out too. What git tracks is scanned, whatever
 * the patterns say; a repository within the tree (a submodule, or any other) is scanned by its own rules.
 */
import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { locateRepository, type RepositoryPlace, repositoryAt } from '../../git/locate-repository.ts';
import { type Language, languageOfPath } from '../../source/languages.ts';
import { supportingCode } from '../../source/supporting-code.ts';
import { IgnoreRules } from './ignore-rules.ts';
import type { Notices } from './notices.ts';
import { looksLikeSource } from './other-sources.ts';
import type { PathFilter } from './path-filter.ts';
import type { Repositories, TrackedFiles } from './repositories.ts';

export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  readonly language: Language;
  /** The user gave this very path. */
  readonly isNamed?: boolean;
}

export interface WalkOptions {
  readonly filter: PathFilter;
  readonly respectGitignore: boolean;
  /** Take tests, fuzzing, benchmarks, examples and vendored code too. */
  readonly includeTests: boolean;
  /** Globs may be relative to it. */
  readonly currentFolder: string;
  /** A further folder that globs may be relative to: a real path. */
  readonly globFolder?: string | undefined;
  readonly notices: Notices;
  readonly repositories: Repositories;
  readonly signal: AbortSignal;
}

/** Never a user's own source; `node_modules` is scanned when it is what was asked for. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', 'node_modules']);
const PACKAGES = 'node_modules';

/**
 * Every file once, in the order of names. A path that is a file is taken even where .gitignore has it. An aborted signal ends
 * the walk early.
 * Throws SCAN_PATH_MISSING.
 */
export async function walkTree(paths: readonly string[], options: WalkOptions): Promise<SourceFile[]> {
  const seen = new Set<string>();
  const files: SourceFile[] = [];
  for (const given of paths) {
    const root = realPath(resolve(options.currentFolder, given), given);
    const add = (path: string, isNamed: boolean) => {
      if (seen.has(path)) return;
      seen.add(path);
      const language = languageOfPath(path);
      if (language !== undefined) files.push({ path, language, ...(isNamed ? { isNamed } : {}) });
      else if (isNamed || looksLikeSource(path)) options.notices.add('unknown language', path);
    };
    const stat = lstatSync(root);
    if (stat.isDirectory()) await new TreeWalk(root, asNamed(options, given), add).run();
    else if (!stat.isFile()) options.notices.add('not a file', root);
    else if (options.filter.takesFile(readings(root, dirname(root), options))) add(root, true);
  }
  return files;
}

/** Who names a folder of tests wants them. Folders above the current one, or above a folder elsewhere, say nothing. */
function asNamed(options: WalkOptions, given: string): WalkOptions {
  const whole = resolve(options.currentFolder, given);
  const inside = relative(options.currentFolder, whole).split(sep).join('/');
  const named = inside.startsWith('..') || isAbsolute(inside) ? basename(whole) : inside;
  const isBeside = supportingCode(`${named}/file`, '') !== undefined;
  return isBeside ? { ...options, includeTests: true } : options;
}

/** What holds in a part of the tree. */
interface Scope {
  readonly repository: RepositoryPlace | undefined;
  /** Undefined: nothing is ignored. */
  readonly rules: IgnoreRules | undefined;
  readonly tracked: TrackedFiles | undefined;
  /** A folder above is ignored: only what is tracked is taken. */
  readonly isIgnored: boolean;
}

/** Folders between two looks at the signal. */
const FOLDERS_A_TURN = 200;

class TreeWalk {
  readonly #root: string;
  readonly #options: WalkOptions;
  readonly #add: (path: string, isNamed: boolean) => void;
  #folders = 0;

  constructor(root: string, options: WalkOptions, add: (path: string, isNamed: boolean) => void) {
    this.#root = root;
    this.#options = options;
    this.#add = add;
  }

  async run(): Promise<void> {
    const place = locateRepository(this.#root);
    const scope: Scope =
      place === undefined
        ? { repository: undefined, rules: IgnoreRules.outside(), tracked: undefined, isIgnored: false }
        : await this.#scopeOf(place, this.#root);
    await this.#walk(this.#root, this.#options.respectGitignore ? scope : { ...scope, rules: undefined });
  }

  async #scopeOf(repository: RepositoryPlace, folder: string): Promise<Scope> {
    const { repositories, respectGitignore } = this.#options;
    const tracked = await repositories.tracked(repository);
    const rules = respectGitignore
      ? IgnoreRules.above(folder, repository, await repositories.ignoresCase(repository))
      : undefined;
    return { repository, rules, tracked, isIgnored: false };
  }

  async #walk(folder: string, around: Scope): Promise<void> {
    if (!(await this.#mayGoOn())) return;
    const entries = readFolder(folder, this.#options.notices);
    const scope = await this.#enter(folder, entries, around);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await this.#takeFolder(entry.name, path, scope);
      else this.#takeFile(entry, path, scope);
    }
  }

  /** Lets others have a turn now and then; false once the signal is aborted. */
  async #mayGoOn(): Promise<boolean> {
    if (++this.#folders % FOLDERS_A_TURN === 0) await nextTurn();
    return !this.#options.signal.aborted;
  }

  async #enter(folder: string, entries: readonly Dirent[], around: Scope): Promise<Scope> {
    const nested =
      folder !== this.#root && entries.some(({ name }) => name === '.git') ? repositoryAt(folder) : undefined;
    const scope = nested === undefined ? around : await this.#scopeOf(nested, folder);
    return entries.some(({ name }) => name === '.gitignore') && scope.rules !== undefined
      ? { ...scope, rules: scope.rules.within(folder) }
      : scope;
  }

  async #takeFolder(name: string, path: string, scope: Scope): Promise<void> {
    if (this.#isLeftOut(name, path)) {
      if (name === PACKAGES) this.#options.notices.add('package folder', path);
      return;
    }
    const tracked = nameIn(scope, path);
    if (scope.tracked?.isSubmodule(tracked) === true && isEmpty(path)) {
      this.#options.notices.add('submodule', path);
      return;
    }
    const isIgnored = scope.isIgnored || scope.rules?.ignores(path, true) === true;
    if (!isIgnored) await this.#walk(path, scope);
    else if (scope.tracked?.hasBelow(tracked) === true) await this.#walk(path, { ...scope, isIgnored: true });
    else await this.#countIgnored(path);
  }

  #takeFile(entry: Dirent, path: string, scope: Scope): void {
    const { notices } = this.#options;
    const isIgnored =
      (scope.isIgnored || scope.rules?.ignores(path, false) === true) &&
      scope.tracked?.has(nameIn(scope, path)) !== true;
    if (isIgnored) {
      if (this.#isWanted(path)) notices.add('ignored', path);
    } else if (entry.isSymbolicLink()) {
      const isFolder = leadsToFolder(path);
      if (isFolder ? !this.#isLeftOut(entry.name, path) : this.#isWanted(path)) {
        notices.add('symbolic link', path);
      }
    } else if (!this.#takes(path)) return;
    else if (entry.isFile()) this.#addShipped(path);
    else if (languageOfPath(path) !== undefined) notices.add('not a file', path);
  }

  /** What stands beside the code that a project ships is counted. */
  #addShipped(path: string): void {
    const { includeTests, notices } = this.#options;
    const language = languageOfPath(path);
    const beside =
      includeTests || language === undefined
        ? undefined
        : supportingCode(relative(this.#root, path).split(sep).join('/'), language);
    if (beside === undefined) this.#add(path, false);
    else notices.add(beside, path);
  }

  /** The sources that are below an ignored folder. */
  async #countIgnored(folder: string): Promise<void> {
    if (!(await this.#mayGoOn())) return;
    for (const entry of readFolder(folder, this.#options.notices)) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) {
        if (this.#isWanted(path)) this.#options.notices.add('ignored', path);
      } else if (!this.#isLeftOut(entry.name, path)) await this.#countIgnored(path);
      else if (entry.name === PACKAGES) this.#options.notices.add('package folder', path);
    }
  }

  #isLeftOut(name: string, path: string): boolean {
    const { filter } = this.#options;
    return LEFT_OUT.has(name) || filter.excludesFolder(readings(path, this.#root, this.#options));
  }

  #isWanted(path: string): boolean {
    return languageOfPath(path) !== undefined && this.#takes(path);
  }

  #takes(path: string): boolean {
    return this.#options.filter.takesFile(readings(path, this.#root, this.#options));
  }
}

/** A path as the repository's index has it. */
function nameIn({ repository }: Scope, path: string): string {
  return repository === undefined ? '' : relative(repository.top, path).split(sep).join('/');
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false; // The walk says that it may not be read.
  }
}

/** What a link that leads nowhere, or in a circle, does not. */
function leadsToFolder(link: string): boolean {
  try {
    return statSync(link).isDirectory();
  } catch {
    return false;
  }
}

function readFolder(folder: string, notices: Notices): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    notices.add('unreadable', folder);
    return [];
  }
}

/** A path as a glob may mean it. */
function readings(path: string, root: string, { currentFolder, globFolder }: WalkOptions): string[] {
  return [root, currentFolder, ...(globFolder === undefined ? [] : [globFolder])]
    .map((from) => relative(from, path).split(sep).join('/'))
    .filter((reading) => reading !== '' && !reading.startsWith('../'));
}

function realPath(path: string, given: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const system = fileError(cause, given, 'read');
    if (system instanceof VultuneError && system.code !== 'FILE_MISSING') throw system;
    throw new VultuneError('SCAN_PATH_MISSING', `no such file or folder: ${given}`, {
      where: { file: given },
      hint: 'Give files or folders to scan: vultune scan RUN PATH...',
      cause,
    });
  }
}
