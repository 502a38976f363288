/**
 * @file The source files below the paths that a user gave. Follows no symbolic link, so no loop can catch it; reads names, never
 * contents.
 */
import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { type Language, languageOfPath } from '../../dataset/functions/languages.ts';
import { IgnoreRules } from './ignore-rules.ts';
import type { Notices } from './notices.ts';
import type { PathFilter } from './path-filter.ts';

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
  /** Globs may be relative to it. */
  readonly currentFolder: string;
  readonly notices: Notices;
}

/** Never a user's own source; `node_modules` is scanned when it is what was asked for. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', 'node_modules']);

/**
 * Every file once, in the order of names. A path that is a file is taken even where .gitignore has it.
 * Throws SCAN_PATH_MISSING.
 */
export function walkTree(paths: readonly string[], options: WalkOptions): SourceFile[] {
  const seen = new Set<string>();
  const files: SourceFile[] = [];
  for (const given of paths) {
    const root = realPath(resolve(options.currentFolder, given), given);
    const add = (path: string, isNamed: boolean) => {
      if (seen.has(path)) return;
      seen.add(path);
      const language = languageOfPath(path);
      if (language !== undefined) files.push({ path, language, ...(isNamed ? { isNamed } : {}) });
      else if (isNamed) options.notices.add('unknown language', path);
    };
    const stat = lstatSync(root);
    if (stat.isDirectory()) walkFolder(root, root, rulesFor(root, options), options, add);
    else if (!stat.isFile()) options.notices.add('not a file', root);
    else if (options.filter.takesFile(readings(root, dirname(root), options))) add(root, true);
  }
  return files;
}

function rulesFor(root: string, { respectGitignore }: WalkOptions): IgnoreRules | undefined {
  return respectGitignore ? IgnoreRules.above(root) : undefined;
}

function walkFolder(
  root: string,
  folder: string,
  above: IgnoreRules | undefined,
  options: WalkOptions,
  add: (path: string, isNamed: boolean) => void,
): void {
  const { filter, notices } = options;
  const isLeftOut = (name: string, path: string) =>
    LEFT_OUT.has(name) || filter.excludesFolder(readings(path, root, options));
  const entries = readFolder(folder, notices);
  const rules = entries.some(({ name }) => name === '.gitignore') ? above?.within(folder) : above;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (rules?.ignores(path, entry.isDirectory()) === true) continue;
    if (entry.isDirectory()) {
      if (!isLeftOut(entry.name, path)) walkFolder(root, path, rules, options, add);
      continue;
    }
    if (entry.isSymbolicLink() && leadsToFolder(path)) {
      if (!isLeftOut(entry.name, path)) notices.add('symbolic link', path);
      continue;
    }
    const isWanted =
      languageOfPath(entry.name) !== undefined && filter.takesFile(readings(path, root, options));
    if (!isWanted) continue;
    if (entry.isFile()) add(path, false);
    else notices.add(entry.isSymbolicLink() ? 'symbolic link' : 'not a file', path);
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
function readings(path: string, root: string, { currentFolder }: WalkOptions): string[] {
  return [root, currentFolder]
    .map((from) => relative(from, path).split(sep).join('/'))
    .filter((reading) => reading !== '' && !reading.startsWith('../'));
}

function realPath(path: string, given: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const system = fileError(cause, given, 'read');
    if (system instanceof VultuneError && system.code !== 'FILE_MISSING') throw system;
    throw new VultuneError('SCAN_PATH_MISSING', `there is no ${given}`, {
      where: { file: given },
      hint: 'Give files or folders to scan: vultune scan RUN PATH...',
      cause,
    });
  }
}
