/**
 * @file Byte-pair encoding of one piece of text: neighbours merge, lowest rank first, leftmost first. Knows symbols and
 * merges, not how text was cut into pieces. O(n log n) in the length of a piece.
 */
import { VultuneError } from '../base/errors.ts';
import { BYTE_CHARACTERS, spellBytes } from './byte-alphabet.ts';
import { MergeQueue } from './merge-queue.ts';

export interface BytePairOptions {
  readonly vocab: ReadonlyMap<string, number>;
  /** In order of rank. */
  readonly merges: readonly (readonly [string, string])[];
  /** Symbols are UTF-8 bytes in GPT-2's alphabet; otherwise code points. */
  readonly byteLevel: boolean;
  /** A piece that is in the vocabulary is one token, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** A code point out of vocabulary becomes the tokens <0x00> to <0xFF> of its bytes, where all are there. */
  readonly byteFallback: boolean;
  /** For symbols out of vocabulary; undefined: they are left out. */
  readonly unknown: number | undefined;
  /** Unknown symbols in a row are one token. */
  readonly fuseUnknown: boolean;
}

/** Positions of a piece in a queue key: a piece has fewer symbols than this. */
const POSITIONS = 2 ** 27;
const DEAD = -1;

export class BytePairEncoder {
  readonly #options: BytePairOptions;
  /** Rank by pair, the pair as left * #ids + right. */
  readonly #ranks = new Map<number, number>();
  /** By rank. */
  readonly #merged: Int32Array;
  readonly #ids: number;
  /** [256] the token of each byte, DEAD where there is none: spelled (byte level), or as <0xNN> (fallback). */
  readonly #byteIds: Int32Array;
  readonly #queue = new MergeQueue();
  /** The last symbol read stands for what is out of vocabulary (the token for it may also stand for itself). */
  #endsUnknown = false;
  #symbols = new Int32Array(256);
  #previous = new Int32Array(256);
  #next = new Int32Array(256);

  /** @throws VultuneError TOKENIZER_INVALID when a merge names a token that is not in the vocabulary. */
  constructor(options: BytePairOptions, file: string) {
    const { vocab, merges } = options;
    this.#options = options;
    this.#ids = 1 + [...vocab.values()].reduce((most, id) => Math.max(most, id), 0);
    this.#merged = Int32Array.from(merges, ([left, right], rank) => {
      const ids = [left, right, left + right].map((token) => vocab.get(token));
      const missing = ids.indexOf(undefined);
      if (missing >= 0) {
        const token = [left, right, left + right][missing];
        throw new VultuneError(
          'TOKENIZER_INVALID',
          `merge ${rank} ("${left}" + "${right}") needs the token "${token}", which the vocabulary lacks`,
          { where: { file, name: `merge ${rank}` } },
        );
      }
      this.#ranks.set(ids[0]! * this.#ids + ids[1]!, rank);
      return ids[2]!;
    });
    this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => {
      const hex = byte.toString(16).toUpperCase().padStart(2, '0');
      return vocab.get(options.byteLevel ? BYTE_CHARACTERS[byte]! : `<0x${hex}>`) ?? DEAD;
    });
  }

  /** Token ids of one piece. */
  encode(piece: string): number[] {
    const { byteLevel, ignoreMerges, vocab } = this.#options;
    if (ignoreMerges) {
      const whole = vocab.get(byteLevel ? spellBytes(piece) : piece);
      if (whole !== undefined) return [whole];
    }
    const count = byteLevel ? this.#readBytes(piece) : this.#readCodePoints(piece);
    if (count > 1) this.#merge(count);
    const ids: number[] = [];
    for (let i = 0; i < count; i = this.#next[i]!) ids.push(this.#symbols[i]!);
    return ids;
  }

  #merge(count: number): void {
    const [symbols, previous, next, queue] = [this.#symbols, this.#previous, this.#next, this.#queue];
    for (let i = 0; i + 1 < count; i++) this.#consider(i, i + 1);
    while (queue.size > 0) {
      const key = queue.pop();
      const rank = Math.floor(key / POSITIONS);
      const i = key - rank * POSITIONS;
      const j = next[i]!;
      // What was queued may be gone since: the position merged into another, or its pair a different one.
      if (symbols[i] === DEAD || j >= count || this.#rank(i, j) !== rank) continue;
      symbols[i] = this.#merged[rank]!;
      symbols[j] = DEAD;
      const after = next[j]!;
      next[i] = after;
      if (after < count) {
        previous[after] = i;
        this.#consider(i, after);
      }
      if (previous[i]! >= 0) this.#consider(previous[i]!, i);
    }
  }

  #consider(i: number, j: number): void {
    const rank = this.#rank(i, j);
    if (rank !== undefined) this.#queue.push(rank * POSITIONS + i);
  }

  #rank(i: number, j: number): number | undefined {
    return this.#ranks.get(this.#symbols[i]! * this.#ids + this.#symbols[j]!);
  }

  /** Fills the symbols of a piece, linked one to the next; returns how many. */
  #readBytes(piece: string): number {
    const bytes = Buffer.from(piece, 'utf8');
    this.#reserve(bytes.length);
    let count = 0;
    for (const byte of bytes) count = this.#append(count, this.#byteIds[byte]!);
    return count;
  }

  #readCodePoints(piece: string): number {
    const { vocab, byteFallback } = this.#options;
    // A code point of n UTF-16 units has at most 3 n bytes.
    this.#reserve(byteFallback ? 3 * piece.length : piece.length);
    let count = 0;
    for (const character of piece) {
      const id = vocab.get(character);
      if (id !== undefined) {
        count = this.#append(count, id);
        continue;
      }
      const bytes = byteFallback
        ? Array.from(Buffer.from(character), (byte) => this.#byteIds[byte]!)
        : [DEAD];
      for (const byte of bytes.includes(DEAD) ? [DEAD] : bytes) count = this.#append(count, byte);
    }
    return count;
  }

  #append(count: number, id: number): number {
    const { unknown, fuseUnknown } = this.#options;
    const symbol = id === DEAD ? unknown : id;
    if (symbol === undefined) return count;
    const fuses = id === DEAD && fuseUnknown && count > 0 && this.#endsUnknown;
    this.#endsUnknown = id === DEAD;
    if (fuses) return count;
    this.#symbols[count] = symbol;
    this.#previous[count] = count - 1;
    this.#next[count] = count + 1;
    return count + 1;
  }

  #reserve(count: number): void {
    if (count <= this.#symbols.length) return;
    const size = 2 * count;
    this.#symbols = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#next = new Int32Array(size);
  }
}
