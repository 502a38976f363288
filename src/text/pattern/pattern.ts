/**
 * @file Patterns as tokenizer.json has them (Oniguruma's regular expressions, or literal text), and where they match. A
 * pattern out of a file never runs on an engine that goes back: a function of thirty characters could take for ever.
 */
import { VultuneError } from '../../base/errors.ts';
import { SplitPreTokenizer } from '../library.ts';
import { compilePattern, UnsupportedPattern } from './compile.ts';
import { KNOWN_PATTERNS } from './known-patterns.ts';
import { Matcher, TooMuchToRemember } from './matcher.ts';

/** A regular expression (Oniguruma), or literal text. */
export type PatternSource = { readonly Regex: string } | { readonly String: string };

/** Starts and ends of all matches in a text, from left to right, one after the other. */
export type Pattern = (text: string) => number[];

/** Where a pattern stands: the file, and the part of it. */
export interface PatternPlace {
  readonly file: string;
  readonly name: string;
}

/** @throws VultuneError TOKENIZER_UNSUPPORTED for a pattern that cannot be run in linear time. */
export function openPattern(source: PatternSource, where: PatternPlace): Pattern {
  if ('String' in source) return literal(source.String);
  if (KNOWN_PATTERNS.has(source.Regex)) return knownPattern(source.Regex);
  return foreignPattern(source.Regex, where);
}

/** A pattern of our own, or one of KNOWN_PATTERNS: JavaScript's regular expressions run it. */
export function knownPattern(regex: string): Pattern {
  // Without regard to case, s is also the long s (U+017F).
  const source = regex
    .replaceAll("(?i:'s|'t|", "(?i:'s|'\u017F|'t|")
    .replaceAll('(?i:[sdmt]', '(?i:[sdmt\u017F]');
  const options = { type: 'Split', pattern: { Regex: source }, behavior: 'Isolated' };
  const compiled = new SplitPreTokenizer(options).pattern!;
  return (text) => {
    const found: number[] = [];
    compiled.lastIndex = 0;
    // None of them matches without a character.
    for (let match = compiled.exec(text); match !== null; match = compiled.exec(text)) {
      found.push(match.index, match.index + match[0].length);
    }
    return found;
  };
}

function literal(wanted: string): Pattern {
  return (text) =>
    allMatches(text, (from) => {
      const at = text.indexOf(wanted, from);
      return at < 0 ? undefined : [at, at + wanted.length];
    });
}

function foreignPattern(regex: string, where: PatternPlace): Pattern {
  const matcher = new Matcher(compile(regex, where));
  return (text) => {
    matcher.reset(text);
    try {
      return allMatches(text, (from) => matcher.next(from));
    } catch (cause) {
      if (!(cause instanceof TooMuchToRemember)) throw cause;
      const message = `a string of ${text.length} characters is too long for the pattern ${shown(regex)}`;
      throw new VultuneError('TOKENIZER_UNSUPPORTED', message, { where, cause });
    } finally {
      matcher.reset('');
    }
  };
}

function compile(regex: string, where: PatternPlace) {
  try {
    return compilePattern(regex);
  } catch (cause) {
    if (!(cause instanceof UnsupportedPattern)) throw cause;
    const message = `the pattern ${shown(regex)} is not supported: ${cause.message}`;
    throw new VultuneError('TOKENIZER_UNSUPPORTED', message, { where, cause });
  }
}

/** As Oniguruma's users do it: an empty match directly behind another match does not count. */
function allMatches(text: string, next: (from: number) => readonly [number, number] | undefined): number[] {
  const found: number[] = [];
  let from = 0;
  let lastEnd = -1;
  while (from <= text.length) {
    const match = next(from);
    if (match === undefined) break;
    const [start, end] = match;
    const counts = start !== end || end !== lastEnd;
    if (counts) {
      found.push(start, end);
      lastEnd = end;
    }
    // An empty match must not step into a surrogate pair.
    from = counts && start !== end ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
  }
  return found;
}

const shown = (regex: string) => JSON.stringify(regex.length > 80 ? `${regex.slice(0, 80)}...` : regex);
