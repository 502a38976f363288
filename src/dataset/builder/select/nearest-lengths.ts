/** @file Candidates by length, each given out once: the one whose length has the least ratio to what is asked for. */

export interface Sized {
  readonly candidate: number;
  readonly length: number;
}

export class NearestLengths {
  readonly #sorted: readonly Sized[];
  /** [places + 2] of each place the next that is free, itself included; one past either end is always free. */
  readonly #up: Int32Array;
  readonly #down: Int32Array;

  /** Equal lengths keep their order. */
  constructor(sized: readonly Sized[]) {
    this.#sorted = [...sized].sort((a, b) => a.length - b.length);
    this.#up = Int32Array.from({ length: sized.length + 2 }, (_, place) => place);
    this.#down = this.#up.slice();
  }

  /** Undefined when all are taken, or the nearest left is more than `mostTimes` as long, or as short. */
  take(length: number, mostTimes = Number.POSITIVE_INFINITY): number | undefined {
    const place = this.#firstOfAtLeast(length) + 1;
    const above = free(this.#up, place);
    const below = free(this.#down, place - 1);
    const [longer, shorter] = [this.#sorted[above - 1], this.#sorted[below - 1]];
    const isLonger =
      longer !== undefined && (shorter === undefined || longer.length * shorter.length <= length * length);
    const taken = isLonger ? longer : shorter;
    if (taken === undefined) return undefined;
    if (taken.length > length * mostTimes || length > taken.length * mostTimes) return undefined;
    const at = isLonger ? above : below;
    this.#up[at] = at + 1;
    this.#down[at] = at - 1;
    return taken.candidate;
  }

  #firstOfAtLeast(length: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.length < length) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Follows the links and shortens them behind itself. */
function free(next: Int32Array, from: number): number {
  let end = from;
  while (next[end] !== end) end = next[end]!;
  for (let at = from; at !== end; ) {
    const after = next[at]!;
    next[at] = end;
    at = after;
  }
  return end;
}
