import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitLength, type LongFunctions } from '../../../src/packing/fit-length.ts';

const ids = [1, 2, 3, 4, 5, 6, 7];

test.each<[LongFunctions, number, number[] | undefined]>([
  ['truncate', 4, [1, 2, 3, 4]],
  ['head_tail', 4, [1, 2, 6, 7]],
  ['head_tail', 5, [1, 2, 3, 6, 7]],
  ['head_tail', 1, [1]],
  ['drop', 4, undefined],
])('%s at %i', (longFunctions, maxLength, kept) => {
  expect(fitLength(ids, maxLength, longFunctions)).toEqual(
    kept === undefined ? undefined : { ids: kept, truncated: true },
  );
});

test.each<LongFunctions>(['truncate', 'head_tail', 'drop'])(
  '%s leaves what fits as it is',
  (longFunctions) => {
    expect(fitLength(ids, 7, longFunctions)).toEqual({ ids, truncated: false });
    expect(fitLength([], 7, longFunctions)).toEqual({ ids: [], truncated: false });
  },
);

test('the cut has exactly the tokens that fit, its parts in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (length, maxLength) => {
      const tokens = Array.from({ length }, (_, i) => i);
      const fitted = fitLength(tokens, maxLength, 'head_tail')!;
      expect(fitted.ids).toHaveLength(Math.min(length, maxLength));
      expect(fitted.ids.toSorted((a, b) => a - b)).toEqual(fitted.ids);
      expect(new Set(fitted.ids).size).toBe(fitted.ids.length);
      expect(fitted.truncated).toBe(length > maxLength);
    }),
  );
});

test('a length that is no positive integer is our own bug', () => {
  expect(() => fitLength(ids, 0, 'truncate')).toThrow('max length 0');
  expect(() => fitLength(ids, Number.NaN, 'truncate')).toThrow('max length NaN');
});
