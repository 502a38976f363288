/** @file Others' text on a terminal: names and code out of a file must neither move the cursor nor turn the line around. */

/** Control characters and marks of writing direction as spaces, a tab as two. */
export function harmless(text: string): string {
  return text.replaceAll('\t', '  ').replace(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, ' ');
}
