/**
 * @file What kind of change lies between two versions of a function: something that could fix it, or a new name, a new
 * version number, a remark to the compiler. Compares texts; knows no grammar.
 */

/** `edited` may be a fix; the others are none. */
export type ChangeKind = 'edited' | 'renamed' | 'version bump' | 'remark' | 'formatting';

/** Texts are normalised: comments and needless white space out. */
export function changeKind(
  before: { readonly text: string; readonly name: string | undefined },
  after: { readonly text: string; readonly name: string | undefined },
): ChangeKind {
  if (before.text === after.text) return 'formatting';
  if (withoutRemarks(before.text) === withoutRemarks(after.text)) return 'remark';
  const [olds, news] = [tokensOf(before.text), tokensOf(after.text)];
  if (olds.length !== news.length) return 'edited';
  const differing = olds.flatMap((token, index) =>
    token === news[index] ? [] : [[token, news[index]!] as const],
  );
  // Laid out otherwise: a word that white space parted from its neighbour.
  if (differing.length === 0) return 'formatting';
  // Everywhere: what still calls the old name calls another function now.
  const isRenamed = differing.every(([a, b]) => a === before.name && b === after.name);
  if (isRenamed && !news.includes(before.name ?? '')) return 'renamed';
  if (differing.every(([a, b]) => isVersion(a) && isVersion(b))) return 'version bump';
  return 'edited';
}

/** What annotations say to compilers and readers only: `@PreAuthorize` and its like do run. */
function withoutRemarks(text: string): string {
  return text.replace(REMARK, '');
}

const REMARK =
  /@(?:Override|Deprecated|SuppressWarnings|SafeVarargs|Suppress)\b(?:\((?:"(?:[^"\\]|\\.)*"|[^()"])*\))?\s*/g;

/** Strings whole, words, numbers, signs. */
function tokensOf(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[\w$\u0080-\uffff]+|[^\s\w]/g) ?? [];
}

/** A string that holds a version and nothing else: `"2.9.10-rc1"`. */
function isVersion(token: string): boolean {
  return /^(["'])[vV]?\d+(?:\.\d+)+(?:[-+._]?[0-9A-Za-z]+)*\1$/.test(token);
}
