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
  const parts = text.match(PARTS) ?? [];
  let kept = '';
  for (let at = 0; at < parts.length; ) {
    if (isRemark(parts[at]!)) at = afterRemark(parts, at);
    else kept += parts[at++]!;
  }
  return kept;
}

/** Strings whole, a remark's name, brackets, white space, and what lies between: each character once. */
const PARTS =
  /"(?:[^"\\]|\\[\s\S])*"?|'(?:[^'\\]|\\.){1,8}'|@(?:Override|Deprecated|SuppressWarnings|SafeVarargs|Suppress)\b|[()]|\s+|[^"'@()\s]+|['@]/g;

const isRemark = (part: string) => part.length > 1 && part.startsWith('@');

/** The part after a remark, its arguments and its white space. Arguments that hold brackets or have no end are kept. */
function afterRemark(parts: readonly string[], start: number): number {
  let end = start + 1;
  if (parts[end] === '(') {
    let close = end + 1;
    while (close < parts.length && parts[close] !== '(' && parts[close] !== ')') close++;
    if (parts[close] === ')') end = close + 1;
  }
  return /^\s/.test(parts[end] ?? '') ? end + 1 : end;
}

/** Strings whole, words, numbers, signs. A quote without an end, and all that follow it, are signs. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const open = { '"': false, "'": false };
  let pattern = tokenPattern(open);
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const quote = match[0][0];
    if ((quote !== '"' && quote !== "'") || open[quote] || match[1] === quote) {
      tokens.push(match[0]);
      continue;
    }
    tokens.push(quote);
    open[quote] = true;
    pattern = tokenPattern(open);
    pattern.lastIndex = match.index + 1;
  }
  return tokens;
}

function tokenPattern(open: Readonly<Record<'"' | "'", boolean>>): RegExp {
  const strings = (['"', "'"] as const).filter((quote) => !open[quote]);
  const one = strings.map((quote) => `${quote}(?:[^${quote}\\\\]|\\\\[\\s\\S])*`);
  const string = one.length === 0 ? '' : `(?:${one.join('|')})(["']?)|`;
  return new RegExp(`${string}[\\w$\\u0080-\\uffff]+|[^\\s\\w]`, 'g');
}

/** A string that holds a version and nothing else: `"2.9.10-rc1"`. */
function isVersion(token: string): boolean {
  return /^(["'])[vV]?\d+(?:\.\d+)+(?:[-+._]?[0-9A-Za-z]+)*\1$/.test(token);
}
