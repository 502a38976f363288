import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOut, packIds } from '../../../src/packing/layout.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';

const big = (...values: number[]) => BigInt64Array.from(values, BigInt);
const someLengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });
const eitherPacking = fc.constantFrom('isolated' as const, 'none' as const);

describe('by hand', () => {
  test('isolated: real tokens only, padding slots point at the last real one', () => {
    expect(layOut([3, 1], 'isolated')).toEqual({
      tokenCount: 4,
      functionCount: 2,
      rowCount: 2,
      rowLength: 3,
      isJoined: false,
      realTokenCount: 4,
      rows: {
        index: big(0, 1, 2, 3, 3, 3),
        copies: 1,
        inverse: big(0, 1, 2, 3),
        slotIsReal: new Float32Array([1, 1, 1, 1, 0, 0]),
      },
      keys: undefined,
      positions: big(0, 1, 2, 0),
      last: big(2, 3),
      lengths: [3, 1],
      flatTokens: [Int32Array.of(0, 1, 2), Int32Array.of(3)],
    });
  });

  test('none: the flat list is the rows, padding and all', () => {
    expect(layOut([3, 1], 'none', { padTo: 4 })).toEqual({
      tokenCount: 8,
      functionCount: 2,
      rowCount: 2,
      rowLength: 4,
      isJoined: false,
      realTokenCount: 4,
      rows: {
        index: big(0, 1, 2, 3, 4, 5, 6, 7),
        copies: 1,
        inverse: big(0, 1, 2, 3, 4, 5, 6, 7),
        slotIsReal: new Float32Array([1, 1, 1, 0, 1, 0, 0, 0]),
      },
      keys: undefined,
      positions: big(0, 1, 2, 3, 0, 1, 2, 3),
      last: big(2, 4),
      lengths: [3, 1],
      flatTokens: [Int32Array.of(0, 1, 2), Int32Array.of(4)],
    });
  });

  test('joined: one row, positions run on, a separator between two functions', () => {
    expect(layOut([3, 1, 2], 'joined', { separated: true })).toEqual({
      tokenCount: 8,
      functionCount: 3,
      rowCount: 1,
      rowLength: 8,
      isJoined: true,
      realTokenCount: 6,
      rows: {
        index: big(0, 1, 2, 3, 4, 5, 6, 7),
        copies: 1,
        inverse: big(0, 1, 2, 3, 4, 5, 6, 7),
        slotIsReal: new Float32Array(8).fill(1),
      },
      keys: undefined,
      positions: big(0, 1, 2, 3, 4, 5, 6, 7),
      last: big(2, 4, 7),
      lengths: [3, 1, 2],
      flatTokens: [Int32Array.of(0, 1, 2), Int32Array.of(4), Int32Array.of(6, 7)],
    });
    expect(layOut([3, 1], 'joined')).toMatchObject({ tokenCount: 4, rowCount: 1, last: big(2, 3) });
    // Long rows are rounded up, for their queries to be cut into equal chunks.
    expect(layOut([200, 230], 'joined')).toMatchObject({ tokenCount: 430, rowCount: 1, rowLength: 432 });
  });

  test('ids lie where the layout says', () => {
    const functions = [[7, 8, 9], [5]];
    expect(packIds(functions, layOut([3, 1], 'isolated'), 0)).toEqual(new Int32Array([7, 8, 9, 5]));
    expect(packIds(functions, layOut([3, 1], 'none', { padTo: 4 }), -1)).toEqual(
      new Int32Array([7, 8, 9, -1, 5, -1, -1, -1]),
    );
    const joined = packSequence(functions, { packing: 'joined', separator: 2 });
    expect(joined.ids).toEqual(new Int32Array([7, 8, 9, 2, 5]));
    expect(packSequence(functions, { packing: 'joined' }).ids).toEqual(new Int32Array([7, 8, 9, 5]));
  });

  test('nothing to lay out is an empty layout', () => {
    expect(layOut([], 'isolated')).toMatchObject({ tokenCount: 0, rowCount: 0, rowLength: 0 });
    expect(packIds([], layOut([], 'none'), 0)).toHaveLength(0);
  });
});

describe('for any lengths', () => {
  test('index and inverse undo each other on real slots', () => {
    fc.assert(
      fc.property(someLengths, eitherPacking, (lengths, packing) => {
        const layout = layOut(lengths, packing);
        const { index, inverse, slotIsReal } = layout.rows;
        slotIsReal.forEach((real, slot) => {
          if (real === 1) expect(inverse[Number(index[slot])]).toBe(BigInt(slot));
        });
        inverse.forEach((slot, token) => {
          expect(index[Number(slot)]).toBe(BigInt(token));
        });
        expect(slotIsReal.reduce((sum, real) => sum + real, 0)).toBe(layout.realTokenCount);
      }),
    );
  });

  test('positions start at 0 in each function, last is its last token, padding never leaves its row', () => {
    fc.assert(
      fc.property(someLengths, eitherPacking, (lengths, packing) => {
        const layout = layOut(lengths, packing);
        const { rowLength: S, rows } = layout;
        lengths.forEach((length, b) => {
          const end = Number(layout.last[b]);
          const positions = Array.from(layout.positions.subarray(end - length + 1, end + 1));
          expect(positions).toEqual(Array.from({ length }, (_, i) => BigInt(i)));
          const row = rows.index.slice(b * S, (b + 1) * S).map((token) => rows.inverse[Number(token)]!);
          expect(row.every((slot) => slot >= b * S && slot < (b + 1) * S)).toBe(true);
          expect(rows.inverse[end]).toBe(BigInt(b * S + length - 1));
        });
      }),
    );
  });

  test('the ids of each row, gathered by index, are the function', () => {
    fc.assert(
      fc.property(someLengths, eitherPacking, (lengths, packing) => {
        const functions = lengths.map((length, b) => Array.from({ length }, (_, i) => 100 * (b + 1) + i));
        const layout = layOut(lengths, packing);
        const ids = packIds(functions, layout, 0);
        const rows = lengths.map((length, b) =>
          Array.from({ length }, (_, s) => ids[Number(layout.rows.index[b * layout.rowLength + s])]),
        );
        expect(rows).toEqual(functions);
      }),
    );
  });
});

describe('refused', () => {
  test('a function without tokens', () => {
    expect(() => layOut([2, 0], 'isolated')).toThrow(
      expect.objectContaining({ code: 'FUNCTION_WITHOUT_TOKENS', message: 'function 1 has 0 tokens' }),
    );
  });

  test('rows too short, and functions that are not those of the layout', () => {
    expect(() => layOut([5], 'none', { padTo: 4 })).toThrow('4 slots');
    expect(() => packIds([[1]], layOut([2], 'isolated'), 0)).toThrow('has 1 tokens');
    expect(() => packIds([], layOut([2], 'isolated'), 0)).toThrow('0 functions for a layout of 1');
  });
});
