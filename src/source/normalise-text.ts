/**
 * @file Normalised source text: comments out, white space only where two words would run together, one kind of
 * quotes. Works on spans somebody else found; knows no language.
 */
import { firstFrom } from '../base/first-from.ts';

export interface TextSpan {
  /** UTF-16 offsets, end exclusive. */
  readonly start: number;
  readonly end: number;
  /**
   * comment: dropped; quoted: kept, quotes folded; verbatim: kept as it is; cut: replaced by `{}`. Empty spans: open
   * and close put a brace there.
   */
  readonly role: 'comment' | 'quoted' | 'verbatim' | 'cut' | 'open' | 'close';
}

/** The normalised text of `source` from `start` to `end`; `spans` are sorted by start, outer before inner. */
export function normaliseRange(
  source: string,
  start: number,
  end: number,
  spans: readonly TextSpan[],
): string {
  const words: string[] = [];
  let at = start;
  for (let index = firstFrom(spans, start); index < spans.length; index++) {
    const span = spans[index]!;
    if (span.start >= end) break;
    // Inside a span already taken (a string in a template), or reaching out of the range.
    if (span.start < at || span.end > end) continue;
    pushWords(words, source.slice(at, span.start));
    if (span.role === 'quoted') words.push(foldQuotes(source.slice(span.start, span.end)));
    else if (span.role === 'verbatim')
      words.push(source.slice(span.start, span.end).replaceAll('\r\n', '\n'));
    else if (span.role === 'cut') words.push('{}');
    else if (span.role === 'open') words.push('{');
    else if (span.role === 'close') words.push('}');
    at = span.end;
  }
  pushWords(words, source.slice(at, end));
  return joinWords(words);
}

function pushWords(words: string[], text: string): void {
  for (const word of text.split(/\s+/)) if (word !== '') words.push(word);
}

const WORD_CHARACTER = /[\w$\u0080-\uffff]/;

function joinWords(words: readonly string[]): string {
  const out: string[] = [];
  let last = '';
  for (const word of words) {
    const first = word[0]!;
    const runTogether = WORD_CHARACTER.test(last) && WORD_CHARACTER.test(first);
    if (runTogether || ((last === '+' || last === '-') && first === last)) out.push(' ');
    out.push(word);
    last = word.at(-1)!;
  }
  return out.join('');
}

/** `'it\'s'` and `"it's"` are one string: written here in double quotes. */
export function foldQuotes(literal: string): string {
  const quote = literal[0];
  if ((quote !== "'" && quote !== '"') || literal.length < 2 || literal.at(-1) !== quote) return literal;
  const content = literal
    .slice(1, -1)
    .replace(/\\(['"])|\\[\s\S]|"/g, (match, escaped: string | undefined) => {
      const character = escaped ?? match;
      return character === '"' ? '\\"' : character;
    });
  return `"${content}"`;
}
