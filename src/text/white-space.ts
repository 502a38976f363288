/** @file Unicode's white space, of which String.trim has a little more and a little less. */
const WHITE_SPACE = /^\p{White_Space}$/u;

/** The place of the first character from `from` on that is not white space. */
export function skipSpace(text: string, from = 0): number {
  let at = from;
  while (at < text.length && WHITE_SPACE.test(text[at]!)) at++;
  return at;
}

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
