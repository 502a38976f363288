/**
 * @file Groups of near duplicates among very many texts, by locality-sensitive hashing over MinHash sketches. Keeps no
 * text, only about 150 bytes for each. Works on texts, whatever record or language they come from.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { VultuneError } from '../../base/errors.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { equalRuns } from './equal-runs.ts';
import { estimateSimilarity, SKETCH_BYTES, sketchText } from './min-hash.ts';
import { SketchStore } from './sketch-store.ts';

/** Bytes of a sketch that must agree for two texts to be compared: at 0.9 alike, two are missed once in 8,000. */
const BAND_BYTES = 8;
/** Texts of one band that each is compared with, at most: only thousands of texts of one template reach it. */
const WINDOW = 1024;

export const DEFAULT_THRESHOLD = 0.9;

export interface NearDuplicatesOptions {
  /** Jaccard similarity of token shingles from which two texts are near duplicates; 0.7 to 1, default 0.9. */
  readonly threshold?: number;
}

/**
 * The same texts give the same groups, in whatever order they come. A group is closed under "near duplicate of": two of
 * its texts may be less alike than the threshold. Similarities are estimated (standard deviation 0.027 at 0.9), so a
 * pair close to the threshold may fall on either side, always the same one; equal texts always meet.
 */
export class NearDuplicates {
  readonly #threshold: number;
  readonly #sketches = new SketchStore();
  #groups: Int32Array | undefined;

  /** @throws VultuneError `DATASET_OPTION`. */
  constructor(options: NearDuplicatesOptions = {}) {
    const threshold = options.threshold ?? DEFAULT_THRESHOLD;
    if (!(threshold >= 0.7 && threshold <= 1)) {
      throw new VultuneError('DATASET_OPTION', `threshold is ${threshold}, expected a number from 0.7 to 1`, {
        where: { name: 'threshold' },
        hint: 'this method misses many texts that are less than 0.7 similar',
      });
    }
    this.#threshold = threshold;
  }

  get count(): number {
    return this.#sketches.count;
  }

  /** Takes a text as `normalisedCode` makes it. @returns its index: 0, 1, 2 ... */
  add(normalisedText: string): number {
    return this.addSketch(sketchText(normalisedText));
  }

  /** As `add`, for a text that was sketched elsewhere. */
  addSketch(sketch: Uint8Array): number {
    this.#groups = undefined;
    return this.#sketches.push(sketch);
  }

  /** Estimated Jaccard similarity of two added texts. */
  similarity(a: number, b: number): number {
    const [left, right] = [this.#sketches.at(a), this.#sketches.at(b)];
    return estimateSimilarity(left.chunk, right.chunk, left.start, right.start);
  }

  /** For each added text the index of the first one of its group. */
  groups(): Int32Array {
    if (this.#groups === undefined) {
      const finding = this.#findGroups();
      let step = finding.next();
      while (step.done !== true) step = finding.next();
      this.#groups = step.value;
    }
    return this.#groups;
  }

  /**
   * As `groups`, with a turn for all else between its parts, of which each takes half a second with a million texts.
   * @throws the signal's reason.
   */
  async groupsInTurns(signal: AbortSignal, onShare?: (share: number) => void): Promise<Int32Array> {
    if (this.#groups !== undefined) return this.#groups;
    const finding = this.#findGroups();
    for (;;) {
      await nextTurn();
      signal.throwIfAborted();
      const { done, value } = finding.next();
      if (done === true) {
        this.#groups = value;
        return value;
      }
      onShare?.(value);
    }
  }

  /** Yields how much is done, 0 to 1. */
  *#findGroups(): Generator<number, Int32Array> {
    const sketches = this.#sketches;
    const sets = new DisjointSets(sketches.count);
    const different = joinEqual(sketches, sets);
    const compare = (a: number, b: number) => {
      if (sets.rootOf(a) === sets.rootOf(b)) return;
      if (this.similarity(a, b) >= this.#threshold) sets.join(a, b);
    };
    for (let band = 0; band < SKETCH_BYTES; band += BAND_BYTES) {
      yield band / SKETCH_BYTES;
      const hash = (index: number) => sketches.hash(index, band, BAND_BYTES);
      for (const run of equalRuns(different, hash)) {
        // In an order that does not depend on the order of the texts: a window over it then does not either.
        if (run.length > WINDOW) run.sort((a, b) => sketches.compare(a, b));
        for (let i = 0; i < run.length; i++) {
          for (let j = i + 1; j < Math.min(run.length, i + WINDOW); j++) compare(run[i]!, run[j]!);
        }
      }
    }
    return sets.roots();
  }
}

/** Joins texts of equal sketches. @returns one text of each sketch. */
function joinEqual(sketches: SketchStore, sets: DisjointSets): Int32Array {
  const all = Int32Array.from({ length: sketches.count }, (_, index) => index);
  for (const run of equalRuns(all, (index) => sketches.hash(index, 0, SKETCH_BYTES))) {
    // Nearly always one sketch; several when hashes of 32 bits collide.
    const firsts: number[] = [];
    for (const index of run) {
      const first = firsts.find((other) => sketches.compare(other, index) === 0);
      if (first === undefined) firsts.push(index);
      else sets.join(first, index);
    }
  }
  return all.filter((index) => sets.rootOf(index) === index);
}
