import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint.ts';
import { type TensorView, viewCheckpoint } from '../../../src/checkpoint/tensor-view.ts';
import { float32, type HostTensor } from '../../../src/tensor/host-tensor.ts';
import { rowsOf } from '../../support/rows-of.ts';

/** Each value says where it stands: 100 row + column. */
const matrix = (rows: number, columns: number) =>
  float32(
    [rows, columns],
    Array.from({ length: rows * columns }, (_, i) => 100 * Math.floor(i / columns) + (i % columns)),
  );

const stored: Record<string, HostTensor<'float32'>> = {
  wide: matrix(6, 4),
  large: matrix(70, 45),
  bias: float32([6], [0, 1, 2, 3, 4, 5]),
};

const checkpoint: Checkpoint = {
  path: 'models/tiny',
  config: {},
  tensors: new Map(Object.entries(stored).map(([name, { shape }]) => [name, { shape, storedDtype: 'F16' }])),
  tokenizer: undefined,
  fingerprint: 'the stored one',
  notes: [],
  read: async (name) => {
    const tensor = stored[name];
    if (tensor === undefined) throw new Error(`no ${name}`);
    return tensor;
  },
  readRows: async (name, rows) => rowsOf(stored[name]!, rows),
  close: async () => {},
};

const view = (views: Record<string, TensorView>) =>
  viewCheckpoint(checkpoint, new Map(Object.entries(views)));

test('names are those of the view alone; what is not stored is left out; the rest stays as it was', () => {
  const seen = view({ a: { stored: 'wide' }, b: { stored: 'missing' } });
  expect([...seen.tensors]).toEqual([['a', { shape: [6, 4], storedDtype: 'F16' }]]);
  expect([seen.fingerprint, seen.path]).toEqual(['the stored one', 'models/tiny']);
});

test.each<[string, TensorView, HostTensor]>([
  ['whole', { stored: 'wide' }, stored.wide!],
  ['some rows', { stored: 'wide', rows: [2, 4] }, rowsOf(stored.wide!, [2, 3])],
  ['part of a bias', { stored: 'bias', rows: [4, 6] }, float32([2], [4, 5])],
  ['a bias has nothing to transpose', { stored: 'bias', transposed: true }, stored.bias!],
  [
    'rows, then transposed',
    { stored: 'wide', rows: [0, 2], transposed: true },
    float32([4, 2], [0, 100, 1, 101, 2, 102, 3, 103]),
  ],
])('%s: the shape is that of what is read', async (_what, one, expected) => {
  const seen = view({ x: one });
  expect(await seen.read('x')).toEqual(expected);
  expect(seen.tensors.get('x')!.shape).toEqual(expected.shape);
});

test('a matrix larger than a tile is transposed, and back', async () => {
  const { shape, data } = await view({ x: { stored: 'large', transposed: true } }).read('x');
  expect(shape).toEqual([45, 70]);
  fc.assert(
    fc.property(fc.nat(44), fc.nat(69), (column, row) => {
      expect(data[column * 70 + row]).toBe(100 * row + column);
    }),
  );
});

describe('rows of a view', () => {
  test('of all of a matrix, and of a part that begins further down', async () => {
    const seen = view({ all: { stored: 'wide' }, part: { stored: 'wide', rows: [3, 6] } });
    expect(await seen.readRows('all', [5, 0, 5])).toEqual(rowsOf(stored.wide!, [5, 0, 5]));
    expect(await seen.readRows('part', Int32Array.of(2, 0))).toEqual(rowsOf(stored.wide!, [5, 3]));
  });

  test('of a transposed matrix are a mistake of the program', async () => {
    const seen = view({ x: { stored: 'wide', transposed: true } });
    await expect(seen.readRows('x', [0])).rejects.toThrow('stored by columns');
  });
});

test('a part that reaches beyond what is stored has the size that is there, so that a check of shapes sees it', () => {
  const seen = view({ part: { stored: 'wide', rows: [4, 9] }, behind: { stored: 'wide', rows: [8, 9] } });
  expect([...seen.tensors.values()].map(({ shape }) => shape)).toEqual([
    [2, 4],
    [0, 4],
  ]);
});

test("a name that is not in the view gets the checkpoint's own error", async () => {
  await expect(view({}).read('other')).rejects.toThrow('no other');
});
