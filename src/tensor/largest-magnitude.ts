/** @file The size of the largest element: what codes of a few bits count their steps from. */

/** 0 for no elements. */
export function largestMagnitude(values: Float32Array | Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
