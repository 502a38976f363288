/** @file What git lists of a tree or an index: paths with the kind and the id of what is there. Parses; runs nothing. */

/** One entry of a commit's tree or of the index. */
export interface ListedFile {
  readonly kind: 'file' | 'link' | 'submodule';
  readonly id: string;
}

/** `HEADER TAB PATH NUL`; a path that is in conflict is there more than once. */
export function parseListing(text: string, header: RegExp): Map<string, ListedFile> {
  const files = new Map<string, ListedFile>();
  for (const entry of text.split('\0')) {
    const tab = entry.indexOf('\t');
    const match = header.exec(entry.slice(0, Math.max(0, tab)));
    if (match !== null) files.set(entry.slice(tab + 1), { kind: kindOf(match[1]!), id: match[2]! });
  }
  return files;
}

const KINDS: Readonly<Record<string, ListedFile['kind']>> = { '120000': 'link', '160000': 'submodule' };

/** By git's mode of an entry. */
export function kindOf(mode: string): ListedFile['kind'] {
  return KINDS[mode] ?? 'file';
}
