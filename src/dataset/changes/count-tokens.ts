/** @file The size of a text as the dataset builder counts it. */

/** Words and signs. */
export function countTokens(text: string): number {
  return text.match(/[\w$]+|[^\s\w$]/g)?.length ?? 0;
}
