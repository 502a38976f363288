/**
 * @file Order of Maven's versions, as its resolver has it (ComparableVersion: maven.apache.org/pom.html#version-order).
 * Compares version strings only.
 */

/** Negative when `a` is older. */
export function compareMavenVersions(a: string, b: string): number {
  return compareItems(parse(a), parse(b));
}

/** A number, a word, or what stood behind a hyphen. */
type Item = number | string | readonly Item[];

/** `1.0-beta2` → [1, ['beta', [2]]]; trailing zeros and `final` say nothing. */
function parse(version: string): readonly Item[] {
  const tokens = version.toLowerCase().match(/\d+|[^\d.-]+|[.-]/g) ?? [];
  const root: Item[] = [];
  let list = root;
  const nest = () => {
    const inner: Item[] = [];
    list.push(inner);
    list = inner;
  };
  let before = '';
  for (const [i, token] of tokens.entries()) {
    if (token === '-') nest();
    else if (/^\d/.test(token)) {
      if (/^[^\d.-]/.test(before)) nest();
      list.push(Number(token));
    } else if (token !== '.') {
      if (/^\d/.test(before)) nest();
      list.push(qualifier(token, /^\d/.test(tokens[i + 1] ?? '')));
    } else if (before === '.' || before === '') list.push(0);
    before = token;
  }
  return trimmed(root);
}

const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
const SAME: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };

function qualifier(word: string, beforeDigit: boolean): string {
  return SAME[word] ?? (beforeDigit ? SHORT[word] : undefined) ?? word;
}

/** Without what equals nothing at the end of each list. */
function trimmed(items: readonly Item[]): readonly Item[] {
  const kept = items.map((item) => (typeof item === 'object' ? trimmed(item) : item));
  for (let i = kept.length - 1; i >= 0; i--) {
    const item = kept[i]!;
    if (item === 0 || item === '' || (typeof item === 'object' && item.length === 0)) kept.splice(i, 1);
    else if (typeof item !== 'object') break;
  }
  return kept;
}

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];

function compareItems(a: readonly Item[], b: readonly Item[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareItem(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareItem(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compareItem(b, a);
  if (typeof a === 'number') {
    return typeof b === 'number' ? a - b : b === undefined ? Math.sign(a) : 1;
  }
  if (typeof a === 'string') {
    if (typeof b === 'number') return -1;
    if (typeof b === 'object') return -1;
    return compareQualifiers(a, b ?? '');
  }
  if (b === undefined) return compareItems(a, []);
  return typeof b === 'number' ? -1 : typeof b === 'string' ? 1 : compareItems(a, b);
}

/** Unknown words are newer than all known ones, in the order of the alphabet. */
function compareQualifiers(a: string, b: string): number {
  const [left, right] = [a, b].map((word) => {
    const known = QUALIFIERS.indexOf(word);
    return known === -1 ? QUALIFIERS.length : known;
  });
  if (left !== right || left !== QUALIFIERS.length) return left! - right!;
  return a < b ? -1 : a > b ? 1 : 0;
}
