/**
 * @file Every distinct normalised text of a build under a small number, with the group of near duplicates it is in.
 * Keeps neither text nor labels: about 400 bytes for each.
 */
import { NearDuplicates } from '../../duplicates/near-duplicates.ts';

export class BodyIndex {
  readonly #ids = new Map<string, number>();
  readonly #near: NearDuplicates;

  /** @throws VultuneError `DATASET_OPTION` for a threshold that cannot be used. */
  constructor(threshold: number) {
    this.#near = new NearDuplicates({ threshold });
  }

  get count(): number {
    return this.#ids.size;
  }

  /** @returns the text's number: 0, 1, 2 ... in the order of first sight. */
  add(body: string, sketch: string): number {
    // 16 characters of one byte each instead of 32 digits.
    const key = Buffer.from(body, 'hex').toString('latin1');
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#near.addSketch(Buffer.from(sketch, 'base64'));
    const id = this.#ids.size;
    this.#ids.set(key, id);
    return id;
  }

  /** For each text's number that of the first of its near duplicates. */
  nearGroups(signal: AbortSignal, onShare?: (share: number) => void): Promise<Int32Array> {
    return this.#near.groupsInTurns(signal, onShare);
  }
}
