/**
 * @file What begins like a function in a stretch that did not parse and is not among the functions found: so that a reader is told
 * what nothing judged. A count to be shown, not functions.
 */
import { firstFrom } from '../base/first-from.ts';
import type { Language } from './languages.ts';
import type { TextSpan } from './normalise-text.ts';
import type { LineRange, SyntaxRange } from './syntax.ts';

const STATEMENTS =
  /^(?:if|for|foreach|while|switch|catch|using|lock|fixed|return|else|synchronized|try|do|new|throw|await|when)\b/;
const FUNCTION_WORD = /\bfunction\b/g;

const HEADS: Readonly<Record<Language, readonly (RegExp | 'braced')[]>> = {
  javascript: [FUNCTION_WORD, 'braced'],
  typescript: [FUNCTION_WORD, 'braced'],
  tsx: [FUNCTION_WORD, 'braced'],
  java: ['braced'],
  csharp: ['braced'],
  python: [/\bdef[ \t]+\w/g],
  go: [/\bfunc\b/g],
  php: [FUNCTION_WORD],
  ruby: [/\bdef[ \t]+\w/g],
  rust: [/\bfn[ \t]+\w/g],
  kotlin: [/\bfun\b/g],
  scala: [/\bdef[ \t]+\w/g],
  // Their functions are recovered from the text, and what is not is known from there.
  c: [],
  cpp: [],
};

interface Found {
  readonly start: number;
  readonly end: number;
  readonly bodyStart: number;
}

export function unreadHeads(
  source: string,
  language: Language,
  errors: readonly SyntaxRange[],
  functions: readonly Found[],
  spans: readonly TextSpan[],
): LineRange[] {
  const unread: LineRange[] = [];
  const outer = outermost(functions);
  let done = -1;
  for (const error of errors) {
    if (error.end <= done) continue;
    // Whole lines: an error may be a part of the head alone.
    const isNewLine = error.start > done;
    let start = isNewLine ? lineStart(source, error.start) : done + 1;
    let line = isNewLine ? error.startLine : error.startLine + 1;
    const lineEnd = source.indexOf('\n', error.end);
    done = lineEnd < 0 ? source.length : lineEnd;
    for (const text of source.slice(start, done).split('\n')) {
      for (const pattern of HEADS[language]) {
        const heads =
          pattern === 'braced' ? bracedHead(text) : [...text.matchAll(pattern)].map(({ index }) => index);
        for (const at of heads.map((index) => start + index)) {
          const inside = pattern === 'braced' ? lastTo(outer, at) : undefined;
          const isKnown = at < (lastTo(functions, at)?.bodyStart ?? 0) || at < (inside?.end ?? 0);
          if (isKnown || at < (lastTo(spans, at)?.end ?? 0)) continue;
          unread.push({ startLine: line, endLine: line });
        }
      }
      start += text.length + 1;
      line++;
    }
  }
  return unread;
}

function lineStart(source: string, at: number): number {
  return at === 0 ? 0 : source.lastIndexOf('\n', at - 1) + 1;
}

/** `public int m(int a) {` alone on its line; nothing that is computed stands before its brackets. */
function bracedHead(line: string): number[] {
  const text = line.trim();
  const bracket = text.indexOf('(');
  if (bracket <= 0 || !text.endsWith('{') || STATEMENTS.test(text)) return [];
  const isHead =
    /^[\w<>[\],.?@#$ \t*]+$/.test(text.slice(0, bracket)) && !/[;{]|[-=]>/.test(text.slice(bracket, -1));
  return isHead ? [line.length - line.trimStart().length] : [];
}

function outermost<T extends { readonly start: number; readonly end: number }>(stretches: readonly T[]): T[] {
  let end = 0;
  return stretches.filter((one) => {
    const isOuter = one.start >= end;
    if (isOuter) end = one.end;
    return isOuter;
  });
}

/** The last that starts there or before. */
function lastTo<T extends { readonly start: number }>(stretches: readonly T[], at: number): T | undefined {
  return stretches[firstFrom(stretches, at + 1) - 1];
}
