/** @file Very many sketches in memory, in pieces so that growing copies nothing. */
import { SKETCH_BYTES } from './min-hash.ts';
import { mixBits } from './shingles.ts';

const CHUNK_SKETCHES = 8192;

export class SketchStore {
  readonly #chunks: Uint8Array[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(sketch: Uint8Array): number {
    const index = this.#count++;
    if (index % CHUNK_SKETCHES === 0) this.#chunks.push(new Uint8Array(CHUNK_SKETCHES * SKETCH_BYTES));
    const { chunk, start } = this.at(index);
    chunk.set(sketch, start);
    return index;
  }

  /** The bytes of a sketch: `SKETCH_BYTES` of `chunk` from `start` on. */
  at(index: number): { readonly chunk: Uint8Array; readonly start: number } {
    return {
      chunk: this.#chunks[Math.floor(index / CHUNK_SKETCHES)]!,
      start: (index % CHUNK_SKETCHES) * SKETCH_BYTES,
    };
  }

  /** 32 bits of some bytes (a multiple of 4) of a sketch. */
  hash(index: number, offset: number, bytes: number): number {
    const { chunk, start } = this.at(index);
    let hash = offset;
    for (let i = start + offset; i < start + offset + bytes; i += 4) {
      const word = chunk[i]! | (chunk[i + 1]! << 8) | (chunk[i + 2]! << 16) | (chunk[i + 3]! << 24);
      hash = mixBits(Math.imul(hash, 31) + word);
    }
    return hash >>> 0;
  }

  /** By their bytes: below 0 when `a` comes first, 0 when equal. */
  compare(a: number, b: number): number {
    const [left, right] = [this.at(a), this.at(b)];
    for (let i = 0; i < SKETCH_BYTES; i++) {
      const difference = left.chunk[left.start + i]! - right.chunk[right.start + i]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }
}
