/** @file Where in a sorted list something begins. */

/** Index of the first item that starts at `offset` or behind it; `items` are sorted by start. O(log n). */
export function firstFrom(items: readonly { readonly start: number }[], offset: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
