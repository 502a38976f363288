/**
 * @file Groups of equal texts among very many, by 128 bits of SHA-256. Keeps no text. Texts come
 * normalised by the caller.
 */
import { createHash } from 'node:crypto';

/** 128 bits of SHA-256 of a normalised text, 32 hexadecimal digits: enough that no two of 10^12 texts collide. */
export function bodyKey(normalisedText: string): string {
  return createHash('sha256').update(normalisedText).digest('hex').slice(0, 32);
}

export class ExactDuplicates {
  readonly #first = new Map<string, number>();
  readonly #groups: number[] = [];

  /** Takes a normalised text. @returns the index of the first text equal to it: its own when it is new. */
  add(normalisedText: string): number {
    const index = this.#groups.length;
    // Latin-1 of the 16 bytes: half the memory of hexadecimal digits.
    const key = createHash('sha256').update(normalisedText).digest().toString('latin1', 0, 16);
    const first = this.#first.get(key) ?? index;
    if (first === index) this.#first.set(key, index);
    this.#groups.push(first);
    return first;
  }

  /** For each added text the index of the first one equal to it. */
  groups(): Int32Array {
    return Int32Array.from(this.#groups);
  }
}
