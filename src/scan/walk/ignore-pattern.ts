/**
 * @file One line of a .gitignore, matched as git matches it (gitignore(5), git's wildmatch.c), in time that grows with
 * pattern times path and no faster: the patterns are somebody else's, and as regular expressions some of them take for ever.
 */

/** A byte of the pattern: itself, any but a slash, any number of those, or one of a set (undefined: one that never fits). */
type Token = number | '?' | '*' | ((byte: number) => boolean);
/** What stands between two slashes; `**` is any number of folders. */
type Segment = readonly Token[] | '**';

export interface IgnorePattern {
  readonly isNegated: boolean;
  /** @param parts of the path relative to the file's folder: `pathParts` */
  readonly matches: (parts: readonly Buffer[], isFolder: boolean) => boolean;
}

/** The names of a path with `/`, as patterns compare them: git compares bytes, so `?` is one of those. */
export function pathParts(path: string, ignoreCase: boolean): readonly Buffer[] {
  return (ignoreCase ? lowerCase(path) : path).split('/').map((name) => Buffer.from(name, 'utf8'));
}

/** Undefined for a blank line, a comment and a pattern that git refuses. */
export function parseIgnorePattern(line: string, ignoreCase: boolean): IgnorePattern | undefined {
  let text = trimTrailingSpaces(line.replace(/\r$/, ''));
  if (text === '' || text.startsWith('#')) return undefined;
  const isNegated = text.startsWith('!');
  if (isNegated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  const isForNames = !text.includes('/');
  const segments = parseSegments(asBytes(text.replace(/^\//, '')), ignoreCase);
  if (segments === undefined) return undefined;
  return {
    isNegated,
    matches: (parts, isFolder) =>
      (isFolder || !foldersOnly) && matchSegments(segments, isForNames ? parts.slice(-1) : parts),
  };
}

/** Spaces at the end mean nothing, unless a backslash is before them. */
function trimTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === ' ') end--;
  let backslashes = 0;
  while (backslashes < end && line[end - 1 - backslashes] === '\\') backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? Math.min(line.length, end + 1) : end);
}

/** One character for each byte. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
/** Changes ASCII letters only, as git does. */
const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

function parseSegments(text: string, ignoreCase: boolean): Segment[] | undefined {
  const segments: Segment[] = [];
  let segment: Token[] = [];
  const endSegment = () => {
    segments.push(segment.length > 1 && segment.every((token) => token === '*') ? '**' : segment);
    segment = [];
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '/' || (char === '\\' && text[at + 1] === '/')) {
      endSegment();
      if (char === '\\') at++;
    } else if (char === '*' || char === '?') segment.push(char);
    else if (char === '[') {
      const set = parseSet(text, at + 1, ignoreCase);
      if (set === undefined) return undefined;
      segment.push(set.has);
      at = set.end;
    } else if (char === '\\') {
      if (++at === text.length) return undefined;
      // As it stands: git compares an escaped capital with small letters, and finds none.
      segment.push(text.charCodeAt(at));
    } else segment.push((ignoreCase ? lowerCase(char) : char).charCodeAt(0));
  }
  endSegment();
  return segments;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[\x21-\x7e]/,
  lower: /[a-z]/,
  print: /[\x20-\x7e]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[A-Fa-f0-9]/,
};

/** `[a-z]`, from behind the bracket; undefined when nothing closes it, or it names an unknown class. */
function parseSet(
  text: string,
  start: number,
  ignoreCase: boolean,
): { readonly has: (byte: number) => boolean; readonly end: number } | undefined {
  const isNegated = text[start] === '!' || text[start] === '^';
  const bytes = new Set<number>();
  const add = (from: number, to: number) => {
    for (let byte = from; byte <= to; byte++) bytes.add(byte);
  };
  let previous: number | undefined;
  const first = start + (isNegated ? 1 : 0);
  for (let at = first; at < text.length; at++) {
    const char = text[at]!;
    if (char === ']' && at > first) {
      const contains = (byte: number) => bytes.has(byte) || (ignoreCase && bytes.has(otherCase(byte)));
      return { has: (byte) => contains(byte) !== isNegated, end: at };
    }
    if (char === '[' && text[at + 1] === ':') {
      const end = text.indexOf(']', at + 2);
      const name = text.slice(at + 2, Math.max(0, end - 1));
      if (end === -1) return undefined;
      if (text[end - 1] === ':' && end - 1 >= at + 2) {
        const members = CLASSES[name];
        if (members === undefined) return undefined;
        for (let byte = 0; byte < 128; byte++) if (members.test(String.fromCharCode(byte))) bytes.add(byte);
        previous = undefined;
        at = end;
        continue;
      }
    }
    if (char === '-' && previous !== undefined && at + 1 < text.length && text[at + 1] !== ']') {
      at++;
      if (text[at] === '\\') at++;
      if (at >= text.length) return undefined;
      add(previous, text.charCodeAt(at));
      previous = undefined;
      continue;
    }
    if (char === '\\') at++;
    if (at >= text.length) return undefined;
    previous = text.charCodeAt(at);
    bytes.add(previous);
  }
  return undefined;
}

function otherCase(byte: number): number {
  const isLetter = (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
  return isLetter ? byte ^ 32 : byte;
}

function matchSegments(segments: readonly Segment[], parts: readonly Buffer[]): boolean {
  return matchSequence(segments, parts, (segment) => segment === '**', matchSegment);
}

function matchSegment(segment: Segment, part: Buffer): boolean {
  return matchSequence(segment as readonly Token[], part, (token) => token === '*', matchByte);
}

function matchByte(token: Token, byte: number): boolean {
  if (typeof token === 'function') return token(byte);
  return token === '?' || token === byte;
}

/**
 * Whether the items are what the patterns say, one after the other; a wild one is any number of items (at the end of a path:
 * at least one). Only the last wild one is ever tried again, since an earlier one could do no better.
 */
function matchSequence<P, T>(
  patterns: readonly P[],
  items: ArrayLike<T>,
  isWild: (pattern: P) => boolean,
  matchOne: (pattern: P, item: T) => boolean,
): boolean {
  let [p, i] = [0, 0];
  let again: { readonly pattern: number; item: number } | undefined;
  while (i < items.length) {
    const pattern = patterns[p];
    if (p < patterns.length && isWild(pattern!)) {
      again = { pattern: p + 1, item: i };
      p++;
    } else if (p < patterns.length && matchOne(pattern!, items[i]!)) {
      p++;
      i++;
    } else if (again === undefined) return false;
    else {
      again.item++;
      [p, i] = [again.pattern, again.item];
    }
  }
  // `folder/**` is what is in the folder, not the folder.
  while (p < patterns.length && isWild(patterns[p]!) && patterns[p] !== '**') p++;
  return p === patterns.length;
}
