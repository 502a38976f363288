/** @file Disjoint sets of indices (union-find). */

export class DisjointSets {
  #parent = new Int32Array(16);
  #count = 0;

  constructor(count = 0) {
    for (let i = 0; i < count; i++) this.add();
  }

  get count(): number {
    return this.#count;
  }

  /** A new set of one. @returns its index. */
  add(): number {
    if (this.#count === this.#parent.length) {
      const grown = new Int32Array(this.#parent.length * 2);
      grown.set(this.#parent);
      this.#parent = grown;
    }
    this.#parent[this.#count] = this.#count;
    return this.#count++;
  }

  /** The smallest index of the set. */
  rootOf(index: number): number {
    let at = index;
    while (this.#parent[at] !== at) {
      // Half the path at every look-up.
      this.#parent[at] = this.#parent[this.#parent[at]!]!;
      at = this.#parent[at]!;
    }
    return at;
  }

  /** Makes one set of the sets of both; its root is the smaller index. */
  join(a: number, b: number): void {
    const [left, right] = [this.rootOf(a), this.rootOf(b)];
    this.#parent[Math.max(left, right)] = Math.min(left, right);
  }

  /** The root of each index. */
  roots(): Int32Array {
    return Int32Array.from({ length: this.#count }, (_, index) => this.rootOf(index));
  }
}
