import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowsWithShare } from '../../../src/workflows/train/positive-share.ts';

test('keeps all of the rarer label, and draws as many of the other as the share says, the same for the same seed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: 2, maxLength: 300 }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.integer({ min: 0, max: 1000 }),
      (labels, share, seed) => {
        fc.pre(labels.includes(0) && labels.includes(1));
        const rows = rowsWithShare(labels, share, seed);
        expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
        expect(rowsWithShare(labels, share, seed)).toEqual(rows);
        const [negatives, positives] = [0, 1].map(
          (label) => rows.filter((row) => labels[row] === label).length,
        );
        const all = [0, 1].map((label) => labels.filter((one) => one === label).length);
        // One side is whole, and the other within a function of the share.
        expect(negatives === all[0] || positives === all[1]).toBe(true);
        const wanted = Math.max(1, share * (negatives! + positives!));
        expect(Math.abs(positives! - wanted)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('another seed draws others', () => {
  const labels = Array.from({ length: 200 }, (_, i): 0 | 1 => (i % 10 === 0 ? 1 : 0));
  expect(rowsWithShare(labels, 0.25, 1)).not.toEqual(rowsWithShare(labels, 0.25, 2));
  expect(rowsWithShare(labels, 0.25, 1)).toHaveLength(80);
});
