import { expect, test } from 'vitest';
import { compare, worst } from '../../../src/parity/compare.ts';

const absolute = (bound: number) => ({ kind: 'absolute', bound }) as const;
const ofLargest = (bound: number) => ({ kind: 'of_largest', bound }) as const;

test('the largest error is found wherever it is, not averaged away', () => {
  const reference = new Float32Array(1000).fill(10);
  const found = reference.slice();
  found[713] = 10.5;
  expect(compare('x', found, reference, absolute(0.4))).toEqual({
    quantity: 'x',
    largestAbsoluteError: 0.5,
    largestRelativeError: 0.05,
    ok: false,
  });
  expect(compare('x', found, reference, absolute(0.5)).ok).toBe(true);
});

test('of_largest is held against the largest entry of the reference, of either sign', () => {
  expect(compare('x', [1, -100], [0, -100], ofLargest(0.01)).ok).toBe(true);
  expect(compare('x', [1, -100], [0, -100], ofLargest(0.0099)).ok).toBe(false);
});

test.each([
  ['NaN found', [1, Number.NaN], [1, 2]],
  ['NaN expected', [1, 2], [1, Number.NaN]],
  ['infinite', [1, Number.POSITIVE_INFINITY], [1, 2]],
  ['one too few', [1], [1, 2]],
  ['one too many', [1, 2, 3], [1, 2]],
  ['none at all', [], [1]],
])('%s is infinitely far away', (_name, found, reference) => {
  for (const tolerance of [absolute(1e30), ofLargest(1e30)]) {
    const row = compare('x', found, reference, tolerance);
    expect(row.ok).toBe(false);
    expect(row.largestAbsoluteError).toBe(Number.POSITIVE_INFINITY);
  }
});

test('zeros found where zeros are expected are right', () => {
  expect(compare('x', [0, 0], [0, 0], ofLargest(1e-4))).toMatchObject({ largestRelativeError: 0, ok: true });
  expect(compare('x', [0, 1e-9], [0, 0], ofLargest(1e-4)).ok).toBe(false);
});

test('the worst of many rows has each largest error, and is ok only when all are', () => {
  const rows = [
    compare('a', [1.5], [1], absolute(1)),
    compare('b', [100], [101], absolute(0.1)),
    compare('c', [2], [2], absolute(0)),
  ];
  expect(worst('all', rows)).toEqual({
    quantity: 'all',
    largestAbsoluteError: 1,
    largestRelativeError: 0.5,
    ok: false,
  });
  expect(worst('all', [rows[0]!, rows[2]!]).ok).toBe(true);
});
