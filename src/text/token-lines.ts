/** @file Which line of a text each of its tokens stands on. */
import type { Tokenizer } from './tokenizer.ts';

/** Token ids whose text has been asked for: functions use few of a vocabulary. */
export type TokenTexts = Map<number, string>;

/**
 * [tokens] 0-based line of each token of one text: that of its last character which is not white space, so that a line
 * break with the indentation behind it belongs to the line it leads to. -1 for special tokens.
 */
export function tokenLines(tokenizer: Tokenizer, ids: readonly number[], texts: TokenTexts): Int32Array {
  let line = 0;
  return Int32Array.from(ids, (id) => {
    let text = texts.get(id);
    if (text === undefined) {
      text = tokenizer.decode([id], { skipSpecialTokens: true });
      texts.set(id, text);
    }
    if (text === '') return -1;
    const visible = text.trimEnd();
    const own = line + countLineBreaks(visible === '' ? text : visible);
    line += countLineBreaks(text);
    return own;
  });
}

function countLineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
