/**
 * @file A hash table from a few bytes of a sketch to the first text that had them. Holds only indices (4 bytes a slot);
 * the bytes stay where they are. Knows nothing of similarity.
 */
import { mixBits } from './shingles.ts';

export interface SketchSource {
  at(index: number): { readonly chunk: Uint8Array; readonly start: number };
}

const EMPTY = -1;
/** Slots in use before the table doubles: linear probing is still quick there. */
const MOST_FULL = 0.75;

export class BandTable {
  readonly #sketches: SketchSource;
  readonly #offset: number;
  readonly #bytes: number;
  #slots = new Int32Array(1024).fill(EMPTY);
  #used = 0;

  /** Keys are `bytes` bytes (a multiple of 4) of each sketch from `offset` on. */
  constructor(sketches: SketchSource, offset: number, bytes: number) {
    this.#sketches = sketches;
    this.#offset = offset;
    this.#bytes = bytes;
  }

  /** The first text with the same key as `index`; `index` itself, now kept, when there was none. */
  findOrInsert(index: number): number {
    const slot = this.#slotOf(index);
    const found = this.#slots[slot]!;
    if (found !== EMPTY) return found;
    this.#slots[slot] = index;
    this.#used++;
    if (this.#used > this.#slots.length * MOST_FULL) this.#grow();
    return index;
  }

  #slotOf(index: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(index) & mask;
    while (this.#slots[slot] !== EMPTY && !this.#equal(this.#slots[slot]!, index)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2).fill(EMPTY);
    for (const index of old) if (index !== EMPTY) this.#slots[this.#slotOf(index)] = index;
  }

  #hash(index: number): number {
    const { chunk, start } = this.#sketches.at(index);
    let hash = 0;
    for (let i = start + this.#offset; i < start + this.#offset + this.#bytes; i += 4) {
      hash = mixBits(
        hash ^ (chunk[i]! | (chunk[i + 1]! << 8) | (chunk[i + 2]! << 16) | (chunk[i + 3]! << 24)),
      );
    }
    return hash;
  }

  #equal(a: number, b: number): boolean {
    const [left, right] = [this.#sketches.at(a), this.#sketches.at(b)];
    for (let i = this.#offset; i < this.#offset + this.#bytes; i++) {
      if (left.chunk[left.start + i] !== right.chunk[right.start + i]) return false;
    }
    return true;
  }
}
