/** @file Which of very many items share a hash: by sorting numbers, 8 bytes an item and only while it lasts. */

/** The lists, of two or more, of items whose hashes (32 bits, unsigned) are equal. */
export function* equalRuns(items: Int32Array, hashOf: (item: number) => number): Generator<number[]> {
  // Hash above, place below, together within the 53 bits of a number; of the hash as much as there is room for.
  const places = 2 ** Math.ceil(Math.log2(Math.max(2, items.length)));
  const hashes = Math.min(2 ** 32, Number.MAX_SAFE_INTEGER / places);
  const shrink = 2 ** 32 / 2 ** Math.floor(Math.log2(hashes));
  const keys = new Float64Array(items.length);
  for (let place = 0; place < items.length; place++) {
    keys[place] = Math.floor(hashOf(items[place]!) / shrink) * places + place;
  }
  keys.sort();
  let start = 0;
  for (let end = 1; end <= keys.length; end++) {
    const goesOn = end < keys.length && Math.floor(keys[end]! / places) === Math.floor(keys[start]! / places);
    if (goesOn) continue;
    if (end - start > 1) yield Array.from(keys.subarray(start, end), (key) => items[key % places]!);
    start = end;
  }
}
