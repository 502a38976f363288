import { describe, expect, test } from 'vitest';
import { rotaryFrequencies, rotaryTable } from '../../../src/model/rotary-table.ts';
import type { Rotary, RotaryScaling } from '../../../src/model/spec.ts';

const HALF = 16;

const rotary = (scaling: RotaryScaling = { kind: 'default' }, base = 10_000): Rotary => ({
  base,
  scaling,
  size: 2 * HALF,
});

const frequencies = (...given: Parameters<typeof rotary>) => rotaryFrequencies(rotary(...given));
const plain = (base = 10_000) => Array.from({ length: HALF }, (_, i) => 1 / base ** ((2 * i) / (2 * HALF)));

const close = (found: Float32Array, expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, x] of found.entries()) expect(x / expected[i]!).toBeCloseTo(1, 6);
};

describe('frequencies', () => {
  test('base^(-2i/d)', () => {
    close(frequencies().data, plain());
    close(frequencies({ kind: 'default' }, 500_000).data, plain(500_000));
    expect(frequencies().data[0]).toBe(1);
  });

  test('linear: all slower by the factor', () => {
    close(
      frequencies({ kind: 'linear', factor: 4 }).data,
      plain().map((theta) => theta / 4),
    );
  });

  test('llama3: short waves as they are, long ones slower by the factor, between them a blend', () => {
    const scaling = {
      kind: 'llama3',
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalMaxPositions: 64,
    } as const;
    // By wavelength, as Transformers' modeling_rope_utils writes it.
    const expected = plain().map((theta) => {
      const wavelength = (2 * Math.PI) / theta;
      if (wavelength < 64 / 4) return theta;
      if (wavelength > 64 / 1) return theta / 8;
      const smooth = (64 / wavelength - 1) / (4 - 1);
      return (1 - smooth) * (theta / 8) + smooth * theta;
    });
    close(frequencies(scaling).data, expected);
    const kinds = expected.map((x, i) =>
      x === plain()[i] ? 'short' : x === plain()[i]! / 8 ? 'long' : 'between',
    );
    expect(new Set(kinds)).toEqual(new Set(['short', 'between', 'long']));
  });
});

describe('the table', () => {
  const table = rotaryTable(rotary(), 600);

  test('cosines and sines of position times frequency', () => {
    expect([table.cos.shape, table.sin.shape]).toEqual([
      [600, HALF],
      [600, HALF],
    ]);
    const theta = frequencies().data;
    for (const position of [0, 1, 17, 511, 599]) {
      for (let i = 0; i < HALF; i++) {
        // Angles in the hundreds have float32 spacings of 3e-5; the angle, not its cosine, is what is rounded.
        const angle = Math.fround(position * theta[i]!);
        expect(table.cos.data[position * HALF + i]).toBeCloseTo(Math.cos(angle), 6);
        expect(table.sin.data[position * HALF + i]).toBeCloseTo(Math.sin(angle), 6);
        expect(Math.abs(angle - position * 10_000 ** (-i / HALF))).toBeLessThan(1e-4);
      }
    }
  });

  test('at position 0 nothing is turned', () => {
    expect(new Set(table.cos.data.subarray(0, HALF))).toEqual(new Set([1]));
    expect(new Set(table.sin.data.subarray(0, HALF))).toEqual(new Set([0]));
  });

  test('a longer table begins as a shorter one', () => {
    const short = rotaryTable(rotary(), 10);
    expect(table.cos.data.subarray(0, 10 * HALF)).toEqual(short.cos.data);
    expect(table.sin.data.subarray(0, 10 * HALF)).toEqual(short.sin.data);
  });
});
