/** float32 to 16 bits: every value of a format comes back, and what lies between two rounds to the nearer, halves to even. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from '../../../src/checkpoint/float-formats.ts';

const FORMATS = [
  ['binary16', encodeFloat16, decodeFloat16, 0x7c00],
  ['bfloat16', encodeBfloat16, decodeBfloat16, 0x7f80],
] as const;

describe.each(FORMATS)('%s', (_name, encode, decode, infinite) => {
  const decoded = (bits: Uint16Array): Float32Array => {
    const out = new Float32Array(bits.length);
    decode(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength), out);
    return out;
  };
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const isNaNBits = (bits: number) => (bits & 0x7fff) > infinite;

  test('every value is itself, and NaN stays NaN', () => {
    const again = encode(decoded(all));
    const wrong = [...all].filter((bits) =>
      isNaNBits(bits) ? !isNaNBits(again[bits]!) : again[bits] !== bits,
    );
    expect(wrong).toEqual([]);
  });

  test('the nearest of two neighbours, and the even one between them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: infinite - 2 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (low, share) => {
          const [a, b] = decoded(Uint16Array.of(low, low + 1)) as unknown as [number, number];
          const between = Math.fround(a + (b - a) * share);
          const middle = (a + b) / 2;
          const wanted = between < middle ? low : between > middle ? low + 1 : low + (low & 1);
          expect([...encode(Float32Array.of(between, -between))]).toEqual([wanted, wanted | 0x8000]);
        },
      ),
      { numRuns: 2000 },
    );
    const [a, b] = decoded(Uint16Array.of(6, 7)) as unknown as [number, number];
    expect([...encode(Float32Array.of((a + b) / 2))]).toEqual([6]);
    const [c, d] = decoded(Uint16Array.of(7, 8)) as unknown as [number, number];
    expect([...encode(Float32Array.of((c + d) / 2))]).toEqual([8]);
  });

  test('what is beyond the largest is infinite', () => {
    const largest = decoded(Uint16Array.of(infinite - 1))[0]!;
    expect([...encode(Float32Array.of(largest, Number.POSITIVE_INFINITY, -3.4028234663852886e38))]).toEqual([
      infinite - 1,
      infinite,
      infinite | 0x8000,
    ]);
  });
});
