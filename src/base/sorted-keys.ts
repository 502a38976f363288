/** @file A replacer for `JSON.stringify`: maps in the order of their keys, so that equal values give equal texts. */

/** For hashes of values whose keys come in any order. */
export function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
