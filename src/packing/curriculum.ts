/**
 * @file The order of a curriculum: which groups of functions come first in the first epoch. It gets a number per function that says
 * how hard it is; what the number means is decided elsewhere.
 */
import type { RandomStream } from '../base/random.ts';

/** The order of the first epoch; later ones are shuffled as without it. */
export interface Curriculum {
  /** [functions] the lower ones come first. */
  readonly difficulty: readonly number[];
  /**
   * Whether the order opens up over the epoch: the i-th of n groups is drawn from the easiest ones left, a share of them that grows
   * linearly from none (the easiest alone) to all. False: strictly by difficulty.
   */
  readonly annealed: boolean;
}

/**
 * The groups in the order of the curriculum; a group is as hard as its hardest function. Among equally hard ones, the order given.
 * @param shuffled in random order
 */
export function orderByDifficulty(
  shuffled: readonly (readonly number[])[],
  { difficulty, annealed }: Curriculum,
  random: RandomStream,
): (readonly number[])[] {
  const hardest = new Map(
    shuffled.map((group) => [group, group.reduce((most, i) => Math.max(most, difficulty[i]!), -Infinity)]),
  );
  const sorted = shuffled.toSorted((a, b) => hardest.get(a)! - hardest.get(b)!);
  if (!annealed) return sorted;
  const n = sorted.length;
  // The window: groups that may come next. Its far end only moves on, as its share of what is left grows.
  const window: (readonly number[])[] = [];
  let end = 0;
  return sorted.map((_, i) => {
    const until = Math.min(n, i + 1 + Math.floor((i / n) * (n - i - 1)));
    while (end < until) window.push(sorted[end++]!);
    const place = random.integer(window.length);
    const chosen = window[place]!;
    window[place] = window.at(-1)!;
    window.pop();
    return chosen;
  });
}
