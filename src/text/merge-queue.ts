/** @file A binary min-heap of numbers that keeps its memory between uses. */

export class MergeQueue {
  size = 0;
  #heap = new Float64Array(256);

  push(key: number): void {
    if (this.size === this.#heap.length) {
      const larger = new Float64Array(2 * this.size);
      larger.set(this.#heap);
      this.#heap = larger;
    }
    const heap = this.#heap;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= key) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = key;
  }

  /** The smallest key; the queue must not be empty. */
  pop(): number {
    const heap = this.#heap;
    const least = heap[0]!;
    const key = heap[--this.size]!;
    let at = 0;
    for (let child = 1; child < this.size; child = 2 * at + 1) {
      if (child + 1 < this.size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= key) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = key;
    return least;
  }
}
