/** @file Cuts text at the matches of a pattern in the five ways of the tokenizers library. */
import type { Pattern } from './pattern/pattern.ts';

export const SPLIT_BEHAVIORS = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
] as const;
export type SplitBehavior = (typeof SPLIT_BEHAVIORS)[number];

/** `invert`: what does not match is what is cut at. */
export function textSplitter(
  pattern: Pattern,
  behavior: SplitBehavior,
  invert: boolean,
): (text: string) => string[] {
  if (behavior === 'Isolated') return (text) => isolated(text, pattern(text));
  // Pieces and whether each is cut at (a match, or with invert whatever does not match); then what becomes of the two kinds.
  return (text) => {
    const pieces: string[] = [];
    const cuts: boolean[] = [];
    const add = (from: number, to: number, cut: boolean) => {
      pieces.push(text.slice(from, to));
      cuts.push(cut);
    };
    const matches = pattern(text);
    let end = 0;
    let hasEmpty = false;
    for (let i = 0; i < matches.length; i += 2) {
      if (end !== matches[i]) add(end, matches[i]!, invert);
      end = matches[i + 1]!;
      hasEmpty ||= matches[i] === end;
      add(matches[i]!, end, !invert);
    }
    if (end !== text.length) add(end, text.length, invert);
    const joined = join(pieces, cuts, behavior);
    // Empty matches part what stands around them; pieces they are not.
    return hasEmpty ? joined.filter((piece) => piece !== '') : joined;
  };
}

/** What most tokenizers do, and all there is to it. */
function isolated(text: string, matches: readonly number[]): string[] {
  const pieces: string[] = [];
  let end = 0;
  for (const place of matches) {
    if (place !== end) pieces.push(text.slice(end, place));
    end = place;
  }
  if (end !== text.length) pieces.push(text.slice(end));
  return pieces;
}

function join(
  pieces: string[],
  cuts: readonly boolean[],
  behavior: Exclude<SplitBehavior, 'Isolated'>,
): string[] {
  const joined = (goesOn: (i: number) => boolean): string[] => {
    const out: string[] = [];
    pieces.forEach((piece, i) => {
      if (i > 0 && goesOn(i)) out.push(out.pop()! + piece);
      else out.push(piece);
    });
    return out;
  };
  switch (behavior) {
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
