/**
 * @file Groups of near duplicates among very many texts, by locality-sensitive hashing over MinHash sketches. Keeps no
 * text: at most about 300 bytes for each. Knows nothing of records, languages or splits.
 */
import { VultuneError } from '../../base/errors.ts';
import { DisjointSets } from '../splits/disjoint-sets.ts';
import { BandTable } from './band-table.ts';
import { estimateSimilarity, SKETCH_BYTES, sketchText } from './min-hash.ts';

/** Bytes of a sketch that must agree for two texts to meet: at a similarity of 0.9 two miss each other once in 8,000. */
const BAND_BYTES = 8;
const BANDS = SKETCH_BYTES / BAND_BYTES;

export const DEFAULT_THRESHOLD = 0.9;

export interface NearDuplicatesOptions {
  /** Jaccard similarity of token shingles from which two texts are near duplicates; 0.5 to 1, default 0.9. */
  readonly threshold?: number;
}

/**
 * The same texts in the same order give the same groups. A group is closed under "near duplicate of": two of its texts
 * may be less alike than the threshold. Similarities are estimated (standard deviation 0.027 at 0.9), so a pair close to
 * the threshold may fall on either side; equal texts always meet.
 */
export class NearDuplicates {
  readonly #threshold: number;
  readonly #sketches = new SketchStore();
  readonly #sets = new DisjointSets();
  readonly #bands: readonly BandTable[];

  /** @throws VultuneError `DATASET_OPTION`. */
  constructor(options: NearDuplicatesOptions = {}) {
    const threshold = options.threshold ?? DEFAULT_THRESHOLD;
    if (!(threshold >= 0.5 && threshold <= 1)) {
      throw new VultuneError('DATASET_OPTION', `threshold is ${threshold}, expected a number from 0.5 to 1`, {
        where: { name: 'threshold' },
        hint: 'texts less alike than 0.5 are not found by this method',
      });
    }
    this.#threshold = threshold;
    this.#bands = Array.from(
      { length: BANDS },
      (_, band) => new BandTable(this.#sketches, band * BAND_BYTES, BAND_BYTES),
    );
  }

  get count(): number {
    return this.#sketches.count;
  }

  /** Takes a normalised text (comments out). @returns its index: 0, 1, 2 ... */
  add(normalisedText: string): number {
    return this.addSketch(sketchText(normalisedText));
  }

  /** As `add`, for a text that was sketched elsewhere. */
  addSketch(sketch: Uint8Array): number {
    const index = this.#sketches.push(sketch);
    this.#sets.add();
    for (const band of this.#bands) {
      // The first text of a band stands for all of them: one that resembles a later one meets it in another band.
      const other = band.findOrInsert(index);
      if (other === index || this.#sets.rootOf(other) === this.#sets.rootOf(index)) continue;
      if (this.similarity(index, other) >= this.#threshold) this.#sets.join(index, other);
    }
    return index;
  }

  /** Estimated Jaccard similarity of two added texts. */
  similarity(a: number, b: number): number {
    const [left, right] = [this.#sketches.at(a), this.#sketches.at(b)];
    return estimateSimilarity(left.chunk, right.chunk, left.start, right.start);
  }

  /** For each added text the index of the first one of its group. */
  groups(): Int32Array {
    return this.#sets.roots();
  }
}

/** Sketches one after another, in pieces so that growing copies nothing. */
class SketchStore {
  readonly #chunks: Uint8Array[] = [];
  count = 0;

  push(sketch: Uint8Array): number {
    const index = this.count++;
    if (index % CHUNK_SKETCHES === 0) this.#chunks.push(new Uint8Array(CHUNK_SKETCHES * SKETCH_BYTES));
    const { chunk, start } = this.at(index);
    chunk.set(sketch, start);
    return index;
  }

  at(index: number): { readonly chunk: Uint8Array; readonly start: number } {
    return {
      chunk: this.#chunks[Math.floor(index / CHUNK_SKETCHES)]!,
      start: (index % CHUNK_SKETCHES) * SKETCH_BYTES,
    };
  }
}

const CHUNK_SKETCHES = 8192;
