/** @file How similar two pieces of code are, as texts. */

/** Words and signs of a text with how often each occurs. */
export type TokenCounts = ReadonlyMap<string, number>;

export function countTokens(text: string): TokenCounts {
  const counts = new Map<string, number>();
  for (const [token] of text.matchAll(/[\w$]+|[^\s\w$]/g)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Jaccard similarity of two multisets, 0 to 1. */
export function similarity(a: TokenCounts, b: TokenCounts): number {
  let common = 0;
  let total = 0;
  for (const [token, count] of a) {
    common += Math.min(count, b.get(token) ?? 0);
    total += count;
  }
  for (const count of b.values()) total += count;
  return total === common ? 1 : common / (total - common);
}
