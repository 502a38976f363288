/**
 * @file Cuts text at the matches of a pattern in the five ways of the tokenizers library; the JavaScript library knows
 * only two of them. Patterns are Oniguruma's, translated by the library.
 */
import { VultuneError } from '../base/errors.ts';
import { SplitPreTokenizer } from './library.ts';

export const SPLIT_BEHAVIORS = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
] as const;
export type SplitBehavior = (typeof SPLIT_BEHAVIORS)[number];

export interface SplitOptions {
  /** A regular expression (Oniguruma), or literal text. */
  readonly pattern: { readonly Regex: string } | { readonly String: string };
  readonly behavior: SplitBehavior;
  /** What does not match is what is cut at. */
  readonly invert?: boolean;
}

/** @throws VultuneError TOKENIZER_UNSUPPORTED for a pattern that JavaScript's regular expressions cannot express. */
export function textSplitter(options: SplitOptions, file: string): (text: string) => string[] {
  const { behavior, invert = false } = options;
  const pattern = compile(options, file);
  // Pieces and whether each is cut at (a match, or with invert what is no match); then what becomes of the two kinds.
  return (text) => {
    const pieces: string[] = [];
    const cuts: boolean[] = [];
    const add = (from: number, to: number, cut: boolean) => {
      if (from === to) return;
      pieces.push(text.slice(from, to));
      cuts.push(cut);
    };
    let end = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      add(end, match.index, invert);
      end = match.index + match[0].length;
      add(match.index, end, !invert);
      if (match[0] === '') pattern.lastIndex += codePointLength(text, end);
    }
    add(end, text.length, invert);
    return join(pieces, cuts, behavior);
  };
}

function join(pieces: string[], cuts: readonly boolean[], behavior: SplitBehavior): string[] {
  const joined = (goesOn: (i: number) => boolean): string[] => {
    const out: string[] = [];
    pieces.forEach((piece, i) => {
      if (i > 0 && goesOn(i)) out.push(out.pop()! + piece);
      else out.push(piece);
    });
    return out;
  };
  switch (behavior) {
    case 'Isolated':
      return pieces;
    case 'Removed':
      return pieces.filter((_, i) => !cuts[i]);
    case 'Contiguous':
      return joined((i) => cuts[i] === cuts[i - 1]);
    case 'MergedWithPrevious':
      return joined((i) => cuts[i]! && !cuts[i - 1]!);
    case 'MergedWithNext':
      return joined((i) => !cuts[i]! && cuts[i - 1]!);
  }
}

function compile({ pattern }: SplitOptions, file: string): RegExp {
  try {
    const compiled = new SplitPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated' }).pattern;
    if (compiled !== null) return compiled;
  } catch (cause) {
    throw unsupported(`pattern ${JSON.stringify(pattern)}`, file, cause);
  }
  throw unsupported(`pattern ${JSON.stringify(pattern)}`, file);
}

function unsupported(what: string, file: string, cause?: unknown): VultuneError {
  return new VultuneError('TOKENIZER_UNSUPPORTED', `the pre-tokenizer's ${what} is not supported`, {
    where: { file, name: 'pre_tokenizer' },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** UTF-16 units of the code point at a place: an empty match must not step into a surrogate pair. */
function codePointLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
