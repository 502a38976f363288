/** @file Which of a few numbers is nearest to one: how blockwise codes are chosen. */

/** The index of the nearest number; of two as near in float32, the first one's. `numbers` in any order. */
export function nearestIn(numbers: ArrayLike<number>): (value: number) => number {
  const held = Float32Array.from(numbers);
  const order = [...held.keys()].toSorted((a, b) => held[a]! - held[b]! || a - b);
  const sorted = Float32Array.from(order, (index) => held[index]!);
  return (value) => {
    // The first number that is not below it; the nearest is that or the one before.
    let [low, high] = [0, sorted.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    const [above, below] = [order[low]!, order[Math.max(0, low - 1)]!];
    // Rounded as float32 subtracts, which decides between two that are nearly as near.
    const [up, down] = [Math.fround(held[above]! - value), Math.fround(value - held[below]!)];
    if (up !== down) return up < down ? above : below;
    return Math.min(above, below);
  };
}
