/**
 * @file Walks over the first bytes of a GGUF file and reads its primitive values, all little-endian.
 * Knows the value types, not what stands where.
 */
import { VultuneError } from '../../base/errors.ts';
import { NeedMoreBytes } from '../need-more-bytes.ts';

/** Deepest nesting of arrays that is believed; no real file has more than one. */
const MAX_DEPTH = 4;

/** Values of all arrays together: vocabularies and merges of published models have under two million. */
const MOST_ITEMS = 2 ** 24;

export class GgufCursor {
  /** Bytes from the start of the file. */
  position = 0;
  readonly #path: string;
  readonly #buffer: Buffer;
  readonly #fileSize: number;
  #items = 0;

  /** `bytes` are the file's first. */
  constructor(path: string, bytes: Uint8Array, fileSize: number) {
    this.#path = path;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#buffer.subarray(at, at + length);
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  /** A 64-bit size; more than a file can hold is a lie. */
  size(): number {
    const value = this.#buffer.readBigUInt64LE(this.#take(8));
    if (value > 2n ** 48n) throw this.#lie(`a size of ${value}`);
    return Number(value);
  }

  /** How many `what` follow, each of at least `minBytes`: so many must fit in the file, and be no more than `most`. */
  count(what: string, minBytes: number, most = Number.POSITIVE_INFINITY): number {
    const count = this.size();
    if (count * minBytes > this.#fileSize - this.position) throw this.#lie(`${count} ${what}`);
    if (count > most) throw this.#tooMany(`${count} ${what}`, most);
    return count;
  }

  string(): string {
    const length = this.count('bytes of text', 1);
    const at = this.#take(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  /** A type number, then the value. Integers of 64 bits are numbers where exact, else bigint; arrays are plain. */
  value(): unknown {
    return this.#read(this.uint32(), 0);
  }

  #read(type: number, depth: number): unknown {
    if (type === ARRAY) return this.#array(depth);
    if (type === STRING) return this.string();
    const scalar = SCALARS[type];
    if (scalar === undefined) {
      const message = `${this.#path}: metadata value type ${type} at byte ${this.position} is unknown (0 to 12 exist)`;
      throw new VultuneError('GGUF_HEADER', message, { where: { file: this.#path } });
    }
    return scalar.read(this.#buffer, this.#take(scalar.bytes));
  }

  #array(depth: number): unknown[] {
    if (depth === MAX_DEPTH) throw this.#lie('arrays nested without end');
    const type = this.uint32();
    const count = this.count('array items', SCALARS[type]?.bytes ?? 8);
    this.#items += count;
    if (this.#items > MOST_ITEMS) throw this.#tooMany(`${this.#items} array items`, MOST_ITEMS);
    const items: unknown[] = [];
    for (let i = 0; i < count; i++) items.push(this.#read(type, depth + 1));
    return items;
  }

  #take(length: number): number {
    const at = this.position;
    if (at + length > this.#buffer.byteLength) throw new NeedMoreBytes();
    this.position = at + length;
    return at;
  }

  #tooMany(claim: string, most: number): VultuneError {
    const message = `${this.#path}: the header claims ${claim}, at most ${most} are believed`;
    return new VultuneError('GGUF_HEADER', message, { where: { file: this.#path } });
  }

  #lie(claim: string): VultuneError {
    const message = `${this.#path}: the header claims ${claim} at byte ${this.position}, more than the file holds`;
    return new VultuneError('GGUF_TRUNCATED', `${message} (${this.#fileSize} bytes)`, {
      where: { file: this.#path },
      hint: 'The file is damaged or an interrupted download: download it again.',
    });
  }
}

const STRING = 8;
const ARRAY = 9;

interface Scalar {
  readonly bytes: number;
  readonly read: (buffer: Buffer, at: number) => number | boolean | bigint;
}

/** By GGUF's value type number; 8 is a string and 9 an array. */
const SCALARS: Readonly<Record<number, Scalar>> = {
  0: { bytes: 1, read: (buffer, at) => buffer.readUInt8(at) },
  1: { bytes: 1, read: (buffer, at) => buffer.readInt8(at) },
  2: { bytes: 2, read: (buffer, at) => buffer.readUInt16LE(at) },
  3: { bytes: 2, read: (buffer, at) => buffer.readInt16LE(at) },
  4: { bytes: 4, read: (buffer, at) => buffer.readUInt32LE(at) },
  5: { bytes: 4, read: (buffer, at) => buffer.readInt32LE(at) },
  6: { bytes: 4, read: (buffer, at) => buffer.readFloatLE(at) },
  7: { bytes: 1, read: (buffer, at) => buffer.readUInt8(at) !== 0 },
  10: { bytes: 8, read: (buffer, at) => exact(buffer.readBigUInt64LE(at)) },
  11: { bytes: 8, read: (buffer, at) => exact(buffer.readBigInt64LE(at)) },
  12: { bytes: 8, read: (buffer, at) => buffer.readDoubleLE(at) },
};

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
