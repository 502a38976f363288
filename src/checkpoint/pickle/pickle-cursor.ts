/** @file Walks over the bytes of pickles and reads what stands after an opcode, little-endian. Knows no opcode. */
import { NeedMoreBytes } from '../need-more-bytes.ts';

/** No name of the allow-list comes near it. */
const MOST_LINE_BYTES = 512;

export class PickleCursor {
  position = 0;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.#buffer[this.#take(1)]!;
  }

  uint16(): number {
    return this.#buffer.readUInt16LE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32LE(this.#take(4));
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  /** A number where exact, else past every size that can be read. */
  uint64(): number {
    return Number(this.#buffer.readBigUInt64LE(this.#take(8)));
  }

  /** Pickle writes this one number big-endian. */
  float64(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  /** Two's complement of any length; nothing is 0. */
  integer(length: number): number | bigint {
    const at = this.#take(length);
    if (length === 0) return 0;
    const hex = Buffer.from(this.#buffer.subarray(at, at + length))
      .reverse()
      .toString('hex');
    const value = BigInt.asIntN(8 * length, BigInt(`0x${hex}`));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  text(length: number, encoding: 'utf8' | 'latin1'): string {
    const at = this.#take(length);
    return this.#buffer.toString(encoding, at, at + length);
  }

  /** Up to the next newline, which is passed; undefined where none comes soon. */
  line(): string | undefined {
    const rest = this.#buffer.subarray(this.position, this.position + MOST_LINE_BYTES);
    const length = rest.indexOf(0x0a);
    if (length < 0) {
      if (rest.byteLength < MOST_LINE_BYTES) throw new NeedMoreBytes();
      return undefined;
    }
    return this.text(length + 1, 'utf8').slice(0, -1);
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const at = this.position;
    if (at + length > this.#buffer.byteLength) throw new NeedMoreBytes();
    this.position = at + length;
    return at;
  }
}
