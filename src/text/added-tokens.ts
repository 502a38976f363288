/**
 * @file Finds the tokens that stand in text as themselves (<|im_end|>, <s>, runs of blanks), before anything else looks
 * at it. Leftmost, then longest, as the tokenizers library does.
 */
import { unsupported } from './component.ts';
import type { AddedToken } from './tokenizer-json.ts';
import { skipSpace, trimEnd } from './white-space.ts';

/** Text still to be tokenized, or a token found. */
export type Section = string | AddedToken;

/**
 * A function that cuts text into sections, none of them empty. `spell`: how a token is written in such text.
 * @throws VultuneError TOKENIZER_UNSUPPORTED for a token that is written as nothing.
 */
export function addedTokenSplitter(
  tokens: readonly AddedToken[],
  file: string,
  spell: (content: string) => string = (content) => content,
): (text: string) => Section[] {
  const bySpelling = new Map<string, AddedToken>();
  for (const token of tokens) {
    const spelling = spell(token.content);
    if (spelling !== '') bySpelling.set(spelling, token);
    else if (token.content !== '') {
      const shown = JSON.stringify(token.content.slice(0, 40));
      throw unsupported(
        { file, name: 'added_tokens' },
        `has ${shown}, of which the normalizer leaves nothing`,
      );
    }
  }
  if (bySpelling.size === 0) return (text) => (text === '' ? [] : [text]);
  const longestFirst = [...bySpelling.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'gu');

  return (text) => {
    const sections: Section[] = [];
    let start = 0;
    for (const match of text.matchAll(pattern)) {
      const token = bySpelling.get(match[0])!;
      const end = match.index + match[0].length;
      if (token.singleWord && !standsAlone(text, match.index, end)) continue;
      const after = token.rstrip ? skipSpace(text, end) : end;
      // A token before with rstrip may have taken this match along.
      if (token.lstrip && start >= after) continue;
      const before = text.slice(start, Math.max(start, match.index));
      const kept = token.lstrip ? trimEnd(before) : before;
      if (kept !== '') sections.push(kept);
      sections.push(token);
      start = after;
    }
    if (start < text.length) sections.push(text.slice(start));
    return sections;
  };
}

const [WORD_BEFORE, WORD_AFTER] = [
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u,
  /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u,
];

/** Whether neither the character before nor the one behind belongs to a word. */
function standsAlone(text: string, start: number, end: number): boolean {
  // Two UTF-16 units hold a whole character.
  return (
    !WORD_BEFORE.test(text.slice(Math.max(0, start - 2), start)) && !WORD_AFTER.test(text.slice(end, end + 2))
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
