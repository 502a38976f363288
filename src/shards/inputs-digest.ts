/** @file A digest of everything that all shards of a job together work on: parts of different inputs are not merged. */
import { createHash } from 'node:crypto';

/** Characters of a digest: 132 bits, which no two inputs share by chance. */
const CHARACTERS = 22;

/** A digest of texts that come one after another. */
export class InputsDigest {
  readonly #hash = createHash('sha256');

  /** Texts run together: the caller ends each, or writes its length in front of it. */
  add(text: string): void {
    this.#hash.update(text);
  }

  /** To be called once. */
  digest(): string {
    return this.#hash.digest('base64url').slice(0, CHARACTERS);
  }
}

/** The digest of texts without line breaks, in their order. */
export function digestLines(lines: Iterable<string>): string {
  const all = new InputsDigest();
  for (const line of lines) all.add(`${line}\n`);
  return all.digest();
}
