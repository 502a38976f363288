/**
 * @file `vultune-ignore: reason` in comments: which functions it speaks of. Works on text and function ranges; the
 * comment syntax of a language is all it knows of it.
 */

import { firstFrom } from '../base/first-from.ts';
import type { Language } from '../dataset/functions/languages.ts';
import type { Suppression, SuppressionProblem } from './finding.ts';

export interface FunctionRange {
  readonly start: number;
  readonly end: number;
  /** Index of the function directly around it. */
  readonly parent: number | undefined;
}

export interface Suppressions {
  /** By the function's index. A function inside a suppressed one is suppressed too. */
  readonly suppressed: ReadonlyMap<number, Suppression>;
  readonly problems: readonly SuppressionProblem[];
}

const HASH_COMMENTS: ReadonlySet<string> = new Set(['python', 'ruby']);
const DIRECTIVE = 'vultune-ignore';
const SLASH_COMMENT = /(?:\/\/|\/\*|^\s*\*)[\s*!/]*vultune-ignore\b(.*)/;
const HASH_COMMENT = /#[\s#!]*vultune-ignore\b(.*)/;

/**
 * A comment alone on its line, with only comments, annotations or blank lines between it and a function's first
 * line, speaks of that function; any other of the innermost function it stands in.
 */
export function findSuppressions(
  source: string,
  language: Language,
  functions: readonly FunctionRange[],
): Suppressions {
  const suppressed = new Map<number, Suppression>();
  const problems: SuppressionProblem[] = [];
  for (const { line, start, end, text } of directiveLines(source)) {
    const match = matchDirective(text, language);
    if (match === undefined) continue;
    const target = functionBelow(source, text, end, functions) ?? functionAround(start, end, functions);
    if (target === undefined) problems.push({ line, kind: 'no-function' });
    else if (match.reason === '') problems.push({ line, kind: 'reason-missing' });
    else suppressed.set(target, { reason: match.reason, line });
  }
  // Outer functions come before inner ones, so one pass hands a suppression down.
  for (const [i, { parent }] of functions.entries()) {
    const outer = parent === undefined ? undefined : suppressed.get(parent);
    if (outer !== undefined && !suppressed.has(i)) suppressed.set(i, outer);
  }
  return { suppressed, problems };
}

interface DirectiveLine {
  /** 1-based. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The lines that hold the word at all; most files have none, so this is all that is done for them. */
function* directiveLines(source: string): Generator<DirectiveLine> {
  let [line, counted] = [1, 0];
  for (let at = source.indexOf(DIRECTIVE); at >= 0; ) {
    const start = source.lastIndexOf('\n', at) + 1;
    const newline = source.indexOf('\n', at);
    const end = newline < 0 ? source.length : newline;
    for (let i = source.indexOf('\n', counted); i >= 0 && i < start; i = source.indexOf('\n', i + 1)) line++;
    counted = start;
    yield { line, start, end, text: source.slice(start, end) };
    at = source.indexOf(DIRECTIVE, end);
  }
}

function matchDirective(text: string, language: Language): { readonly reason: string } | undefined {
  const patterns = HASH_COMMENTS.has(language)
    ? [HASH_COMMENT]
    : language === 'php'
      ? [SLASH_COMMENT, HASH_COMMENT]
      : [SLASH_COMMENT];
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    // An odd number of quotes before it: it stands in a string.
    if (match === null || (text.slice(0, match.index).split(/["'`]/).length - 1) % 2 === 1) continue;
    const reason = /^\s*:\s*(.*?)\s*(?:\*\/.*)?$/.exec(match[1]!)?.[1] ?? '';
    return { reason };
  }
  return undefined;
}

/** What may stand before a function on its first line: `export const f = `, `  name: `, not `return list.map(`. */
const DECLARATION_START = /^(?!.*\breturn\b)[\s\w$.,:=<>[\]*&@"'-]*$/;
const BETWEEN = /^\s*(?:$|\/\/|\/?\*|#|@|\[|--)/;

function functionBelow(
  source: string,
  directive: string,
  lineEnd: number,
  functions: readonly FunctionRange[],
): number | undefined {
  if (!/^\s*(?:\/\/|\/?\*|#)/.test(directive)) return undefined;
  const index = firstFrom(functions, lineEnd);
  const below = functions[index];
  if (below === undefined) return undefined;
  const lines = source.slice(lineEnd + 1, below.start).split('\n');
  const before = lines.pop()!;
  return DECLARATION_START.test(before) && lines.every((line) => BETWEEN.test(line)) ? index : undefined;
}

/** The innermost function that holds the comment; of one that begins on the comment's own line too. */
function functionAround(
  lineStart: number,
  lineEnd: number,
  functions: readonly FunctionRange[],
): number | undefined {
  let best: number | undefined;
  for (let i = 0; i < functions.length && functions[i]!.start < lineEnd; i++) {
    if (functions[i]!.end >= lineEnd || functions[i]!.start >= lineStart) best = i;
  }
  return best;
}
