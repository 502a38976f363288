/** @file Feeds that do not fit are refused by name, with what was found and what was expected. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { bindSizes } from '../../../src/runtime/bind-sizes.ts';
import { int64, zeros } from '../../../src/tensor/host-tensor.ts';

function graph() {
  const b = new GraphBuilder();
  b.input('flat', 'float32', ['B*S', 4]);
  b.input('mask', 'float32', ['B', 'S']);
  b.input('index', 'int64', ['N']);
  b.input('other', 'float32', [2, 'N']);
  return b.build();
}

const feeds = {
  flat: zeros('float32', [6, 4]),
  mask: zeros('float32', [2, 3]),
  index: int64([5], [0, 1, 2, 3, 4]),
  other: zeros('float32', [2, 5]),
};

test('sizes are read off axes of their own; other names are ignored', () => {
  const sizes = bindSizes(graph(), { ...feeds, unknown: zeros('bool', [7]) });
  expect(Object.fromEntries(sizes)).toEqual({ B: 2, S: 3, N: 5 });
});

test('a size may be 0', () => {
  const empty = { ...feeds, index: int64([0], []), other: zeros('float32', [2, 0]) };
  expect(bindSizes(graph(), empty).get('N')).toBe(0);
});

describe('refused', () => {
  const { mask: _mask, ...withoutMask } = feeds;
  test.each([
    ['a missing input', withoutMask, 'input mask is missing: float32[B, S] is expected'],
    [
      'another element type',
      { ...feeds, index: zeros('int32', [5]) },
      'input index is int32[5], expected int64[N]',
    ],
    [
      'another rank',
      { ...feeds, mask: zeros('float32', [6]) },
      'input mask is float32[6], expected float32[B, S]',
    ],
    [
      'another known size',
      { ...feeds, other: zeros('float32', [3, 5]) },
      'input other is float32[3, 5], expected float32[2, N] = [2, 5] (N = 5 by input index)',
    ],
    [
      'two inputs that disagree',
      { ...feeds, other: zeros('float32', [2, 6]) },
      'input other is float32[2, 6], expected float32[2, N] = [2, 5] (N = 5 by input index)',
    ],
    [
      'a product that does not come out',
      { ...feeds, flat: zeros('float32', [7, 4]) },
      'input flat is float32[7, 4], expected float32[B*S, 4] = [6, 4] (B = 2 by input mask, S = 3 by input mask)',
    ],
  ])('%s', (_name, given, message) => {
    expect(() => bindSizes(graph(), given)).toThrow(message);
  });

  test('float64 for float32, unless it is accepted', () => {
    const wide = { ...feeds, mask: zeros('float64', [2, 3]) };
    expect(() => bindSizes(graph(), wide)).toThrow('input mask is float64[2, 3], expected float32[B, S]');
    expect(bindSizes(graph(), wide, { acceptFloat64: true }).get('S')).toBe(3);
    const wrong = { ...feeds, index: zeros('float64', [5]) };
    expect(() => bindSizes(graph(), wrong, { acceptFloat64: true })).toThrow('input index is float64[5]');
  });
});
