/**
 * @file The text by which functions are told equal: comments out, white space only where two words would run together.
 * By a scan of the characters, not by a grammar: the same for every language, for pieces that do not parse, and a
 * million functions in a minute.
 */
import { normaliseRange, type TextSpan } from '../../source/normalise-text.ts';

/** How comments and strings of a language are written. */
interface Lexis {
  readonly slashes: boolean;
  readonly hash: boolean;
  /** Strings over several lines. */
  readonly long: readonly string[];
}

const C: Lexis = { slashes: true, hash: false, long: ['"""'] };
const SCRIPT: Lexis = { slashes: false, hash: true, long: ['"""', "'''"] };
const LEXES: Readonly<Record<string, Lexis>> = {
  javascript: { ...C, long: ['`'] },
  typescript: { ...C, long: ['`'] },
  tsx: { ...C, long: ['`'] },
  go: { ...C, long: ['`'] },
  python: SCRIPT,
  ruby: SCRIPT,
  php: { slashes: true, hash: true, long: [] },
};

/**
 * The normalised text of one function. `language` as records say it; guessed between `#` and `//` comments where it is
 * not known. Strings keep their content.
 */
export function normalisedCode(code: string, language?: string): string {
  const lexis = LEXES[language?.toLowerCase() ?? ''] ?? (looksLikeScript(code, language) ? SCRIPT : C);
  return normaliseRange(code, 0, code.length, findSpans(code, lexis));
}

function looksLikeScript(code: string, language: string | undefined): boolean {
  if (language !== undefined) return false;
  return /^\s*(?:@\w.*\n\s*)*(?:async\s+)?def\s/.test(code);
}

function findSpans(code: string, lexis: Lexis): TextSpan[] {
  const spans: TextSpan[] = [];
  for (let at = 0; at < code.length; ) {
    const span = spanAt(code, at, lexis);
    if (span === undefined) at++;
    else {
      spans.push(span);
      at = span.end;
    }
  }
  return spans;
}

function spanAt(code: string, start: number, lexis: Lexis): TextSpan | undefined {
  const first = code[start];
  if (first === '/' && lexis.slashes) {
    if (code[start + 1] === '/') return { start, end: lineEnd(code, start), role: 'comment' };
    if (code[start + 1] === '*') return { start, end: after(code, '*/', start + 2), role: 'comment' };
    return undefined;
  }
  // `#[` opens an attribute in PHP.
  if (first === '#' && lexis.hash && !(lexis.slashes && code[start + 1] === '[')) {
    return { start, end: lineEnd(code, start), role: 'comment' };
  }
  if (first !== '"' && first !== "'" && first !== '`') return undefined;
  for (const quote of lexis.long) {
    if (!code.startsWith(quote, start)) continue;
    return { start, end: stringEnd(code, quote, start), role: 'verbatim' };
  }
  return first === '`' ? undefined : { start, end: stringEnd(code, first, start), role: 'verbatim' };
}

/** After the closing quote; a string in one quote ends with its line at the latest (a lifetime, an apostrophe). */
function stringEnd(code: string, quote: string, start: number): number {
  const isLong = quote.length > 1 || quote === '`';
  for (let at = start + quote.length; at < code.length; at++) {
    const character = code[at];
    if (character === '\\') at++;
    else if (character === '\n' && !isLong) return at;
    else if (code.startsWith(quote, at)) return at + quote.length;
  }
  return code.length;
}

function lineEnd(code: string, start: number): number {
  const end = code.indexOf('\n', start);
  return end === -1 ? code.length : end;
}

function after(code: string, text: string, start: number): number {
  const found = code.indexOf(text, start);
  return found === -1 ? code.length : found + text.length;
}
