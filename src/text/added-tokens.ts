/**
 * @file Finds the tokens that stand in text as themselves (<|im_end|>, <s>, runs of blanks), before anything else looks
 * at it. Leftmost, then longest, as the tokenizers library does.
 */
import type { AddedToken } from './tokenizer-json.ts';

/** Text still to be tokenized, or a token found. */
export type Section = string | AddedToken;

/** A function that cuts text into sections, none of them empty. `spell`: how a token is written in such text. */
export function addedTokenSplitter(
  tokens: readonly AddedToken[],
  spell: (content: string) => string = (content) => content,
): (text: string) => Section[] {
  const bySpelling = new Map<string, AddedToken>();
  for (const token of tokens) {
    const spelling = spell(token.content);
    if (spelling !== '') bySpelling.set(spelling, token);
  }
  if (bySpelling.size === 0) return (text) => (text === '' ? [] : [text]);
  const longestFirst = [...bySpelling.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'gu');

  return (text) => {
    const sections: Section[] = [];
    let start = 0;
    for (const match of text.matchAll(pattern)) {
      const token = bySpelling.get(match[0])!;
      // After a token with rstrip the start may already lie beyond white space before this match.
      const before = text.slice(start, Math.max(start, match.index));
      const kept = token.lstrip ? trimEnd(before) : before;
      if (kept !== '') sections.push(kept);
      sections.push(token);
      start = match.index + match[0].length;
      if (token.rstrip) start = skipSpace(text, start);
    }
    if (start < text.length) sections.push(text.slice(start));
    return sections;
  };
}

/** Unicode's white space, of which String.trim has a little more and a little less. */
const WHITE_SPACE = /^\p{White_Space}$/u;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && WHITE_SPACE.test(text[at]!)) at++;
  return at;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
