/** @file Sizes as polynomials: one text for equal sizes, arithmetic that agrees with numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDims,
  canonicalDim,
  type Dim,
  evaluateDim,
  multiplyDims,
  sameShape,
  shapeSize,
  symbolsOf,
} from '../../../src/graph/dim.ts';

describe('canonical form', () => {
  test.each([
    ['N', 'N'],
    ['S*B', 'B*S'],
    [' S * B ', 'B*S'],
    ['S*2*B*3', '6*B*S'],
    ['1*N', 'N'],
    ['0*N', 0],
    ['N + N', '2*N'],
    ['1 + N + 2', 'N + 3'],
    ['S + B', 'B + S'],
    ['N*N', 'N*N'],
    ['7', 7],
    [7, 7],
    ['2 + 3*4', 14],
  ])('%j is %j', (written, canonical) => {
    expect(canonicalDim(written)).toBe(canonical);
  });

  test.each(['', '2N', 'N-1', 'N +', 'a.b', '1.5'])('"%s" is refused', (text) => {
    expect(() => canonicalDim(text)).toThrow(`"${text}" is not a size`);
  });
});

test('sums and products', () => {
  expect(addDims('N', 1)).toBe('N + 1');
  expect(addDims('N + 1', 'N')).toBe('2*N + 1');
  expect(addDims(2, 3)).toBe(5);
  expect(multiplyDims('B', 'S')).toBe('B*S');
  expect(multiplyDims('B + 1', 'B + 2')).toBe('3*B + B*B + 2');
  expect(multiplyDims('N', 0)).toBe(0);
  expect(shapeSize(['B', 3, 'S', 2])).toBe('6*B*S');
  expect(shapeSize([])).toBe(1);
  expect(sameShape(['B', 2], ['B', 2])).toBe(true);
  expect(sameShape(['B', 2], ['B', 2, 1])).toBe(false);
  expect(symbolsOf('B*S + 2*B + 1')).toEqual(['B', 'S']);
});

test('a symbol without a value is named', () => {
  expect(() => evaluateDim('B*S', new Map([['B', 2]]))).toThrow('size "S" has no value');
});

interface Expression {
  readonly dim: Dim;
  readonly value: (sizes: ReadonlyMap<string, number>) => number;
}

/** Sizes made by any sequence of sums and products, beside what they should come to. */
const expressions: fc.Arbitrary<Expression> = fc.letrec<{ dim: Expression; leaf: Expression }>((tie) => ({
  leaf: fc.oneof(
    fc.nat(5).map((n) => ({ dim: n, value: () => n })),
    fc
      .constantFrom('B', 'N', 'S')
      .map((symbol) => ({ dim: symbol, value: (sizes: ReadonlyMap<string, number>) => sizes.get(symbol)! })),
  ),
  dim: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.tuple(tie('dim'), tie('dim'), fc.boolean()).map(
      ([a, b, sum]): Expression => ({
        dim: sum ? addDims(a.dim, b.dim) : multiplyDims(a.dim, b.dim),
        value: (sizes) => (sum ? a.value(sizes) + b.value(sizes) : a.value(sizes) * b.value(sizes)),
      }),
    ),
  ),
})).dim;

const bindings = fc
  .tuple(fc.nat(7), fc.nat(7), fc.nat(7))
  .map(([B, N, S]) => new Map(Object.entries({ B, N, S })));

test('evaluating is a homomorphism, and the form is canonical', () => {
  fc.assert(
    fc.property(expressions, expressions, bindings, (a, b, sizes) => {
      expect(evaluateDim(a.dim, sizes)).toBe(a.value(sizes));
      expect(canonicalDim(a.dim)).toBe(a.dim);
      expect(addDims(a.dim, b.dim)).toBe(addDims(b.dim, a.dim));
      expect(multiplyDims(a.dim, b.dim)).toBe(multiplyDims(b.dim, a.dim));
      expect(multiplyDims(a.dim, addDims(b.dim, 1))).toBe(addDims(multiplyDims(a.dim, b.dim), a.dim));
    }),
  );
});
