/**
 * @file Groups that hold near duplicates of each other (a port, a fork, a copied helper) joined into one, so that a split
 * cannot separate them. Works on group numbers, not on packages or labels.
 */
import { countTokens, similarity } from '../changes/similarity.ts';

export interface GroupedText {
  readonly group: string;
  readonly text: string;
}

/** Multiset Jaccard similarity from which two functions are near duplicates. */
const NEAR_DUPLICATE = 0.8;

/** For each group the name (alphabetically first) of the joined group it belongs to. */
export function groupAlike(texts: readonly GroupedText[]): Map<string, string> {
  const parent = new Map<string, string>();
  const rootOf = (group: string): string => {
    const up = parent.get(group) ?? group;
    return up === group ? group : rootOf(up);
  };
  const items = texts.map(({ group, text }) => {
    const tokens = countTokens(text);
    return { group, tokens, size: [...tokens.values()].reduce((sum, count) => sum + count, 0) };
  });
  items.sort((a, b) => a.size - b.size);
  items.forEach((item, i) => {
    for (let j = i + 1; j < items.length; j++) {
      const other = items[j]!;
      // Jaccard cannot exceed the ratio of the sizes.
      if (item.size < other.size * NEAR_DUPLICATE) break;
      const [a, b] = [rootOf(item.group), rootOf(other.group)];
      if (a === b || similarity(item.tokens, other.tokens) < NEAR_DUPLICATE) continue;
      if (a < b) parent.set(b, a);
      else parent.set(a, b);
    }
  });
  return new Map(texts.map(({ group }) => [group, rootOf(group)]));
}
