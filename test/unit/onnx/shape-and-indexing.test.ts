/** @file Reshaping, indexing and run-time sizes on ONNX Runtime; which target shapes need arithmetic at run time. */
import { describe, expect, test } from 'vitest';
import { float32, type HostTensor, hostTensor, int64 } from '../../../src/tensor/host-tensor.ts';
import { runOrt } from '../../support/ort-run.ts';

const iota = (...shape: number[]) =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );
const values = ({ data }: HostTensor) => [...data].map(Number);

describe('reshape', () => {
  const cases = [
    ['known', [2, 6], [2, 6], [3, 4], [3, 4]],
    ['one unknown size: -1', [4, 6], ['N', 6], ['N', 2, 3], [4, 2, 3]],
    ['a product of sizes: -1', [2, 3, 4], ['B', 'S', 4], ['B*S', 4], [6, 4]],
    ['two sizes, both where they were: 0', [2, 3, 4], ['B', 'S', 4], ['B', 'S', 2, 2], [2, 3, 2, 2]],
    ['three sizes, two of them moved: arithmetic', [2, 3, 4], ['B', 'S', 'T'], ['T', 'B', 'S'], [4, 2, 3]],
    ['a multiple and a product: arithmetic', [2, 3, 4, 6], ['B', 'S', 4, 'T'], ['S*T', '2*B', 2], [18, 4, 2]],
    ['no elements', [0, 3], [0, 3], [3, 0, 2], [3, 0, 2]],
    ['to a scalar', [1, 1], [1, 1], [], []],
  ] as const;
  test.each(cases)('%s', async (_name, actual, from, to, result) => {
    const x = { tensor: iota(...actual), shape: from };
    const y = await runOrt([x], (b, v) => b.reshape(v!, to));
    expect(y.shape).toEqual(result);
    expect(values(y)).toEqual(values(x.tensor));
  });
});

test('a size comes from an input that the node does not read', async () => {
  // [B*S, 2] -> [B, S, 2], B and S known from a mask alone.
  const flat = { tensor: iota(6, 2), shape: ['B*S', 2] };
  const mask = { tensor: iota(3, 2), shape: ['B', 'S'] };
  const y = await runOrt([flat, mask], (b, x) => b.reshape(x!, ['B', 'S', 2]));
  expect(y.shape).toEqual([3, 2, 2]);
});

test('expand to sums and products of sizes', async () => {
  const x = { tensor: float32([1, 1], [7]), shape: [1, 1] };
  const sizes = { tensor: iota(2, 3), shape: ['B', 'S'] };
  const y = await runOrt([x, sizes], (b, v) => b.expand(v!, ['2*B + 1', 'B*S']));
  expect(y.shape).toEqual([5, 6]);
  expect(new Set(values(y))).toEqual(new Set([7]));
});

test('expand keeps the axes it does not repeat', async () => {
  const x = { tensor: iota(2, 1, 3), shape: ['B', 1, 'S'] };
  const y = await runOrt([x], (b, v) => b.expand(v!, [2, 'B', 2, 'S']));
  expect(y.shape).toEqual([2, 2, 2, 3]);
  expect(values(y).slice(0, 12)).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
});

test('transpose, concat, slice, pad', async () => {
  const x = iota(2, 3);
  expect(values(await runOrt([x], (b, v) => b.transpose(v!, [1, 0])))).toEqual([0, 3, 1, 4, 2, 5]);
  expect(values(await runOrt([x, iota(2, 1)], (b, v, w) => b.concat([v!, w!], 1)))).toEqual([
    0, 1, 2, 0, 3, 4, 5, 1,
  ]);
  expect(values(await runOrt([x], (b, v) => b.concat([v!], 1)))).toEqual(values(x));
  expect(values(await runOrt([x], (b, v) => b.slice(v!, 1, 1, 3)))).toEqual([1, 2, 4, 5]);
  expect(values(await runOrt([x], (b, v) => b.pad(v!, 0, 1, 1)))).toEqual([
    0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0,
  ]);
  const rows = { tensor: x, shape: ['N', 3] };
  expect((await runOrt([rows], (b, v) => b.pad(v!, 1, 0, 2))).shape).toEqual([2, 5]);
});

test('constants of every type', async () => {
  const one = float32([1], [1]);
  const bool = hostTensor('bool', [2], Uint8Array.of(0, 1));
  expect(
    values(await runOrt([one], (b, v) => b.where(b.constant(bool), v!, b.constant(float32([1], [5]))))),
  ).toEqual([5, 1]);
  expect(values(await runOrt([one], (b) => b.constant(int64([2], [2 ** 40, -1]))))).toEqual([2 ** 40, -1]);
  expect(values(await runOrt([one], (b) => b.uint32(4294967295)))).toEqual([4294967295]);
});

describe('rows by index', () => {
  test('gather with indices of two axes', async () => {
    const y = await runOrt([iota(3, 2), int64([2, 2], [2, 0, 1, 2])], (b, x, i) => b.gather(x!, i!));
    expect(y.shape).toEqual([2, 2, 2]);
    expect(values(y)).toEqual([4, 5, 0, 1, 2, 3, 4, 5]);
  });

  test('scatterAdd into a run-time number of rows', async () => {
    const sizes = { tensor: iota(4), shape: ['N'] };
    const indices = int64([2, 2], [3, 1, 3, 3]);
    const y = await runOrt([indices, iota(2, 2, 2), sizes], (b, i, u) => b.scatterAdd(i!, u!, 'N'));
    expect(y.shape).toEqual([4, 2]);
    expect(values(y)).toEqual([0, 0, 2, 3, 0, 0, 0 + 4 + 6, 1 + 5 + 7]);
  });

  test('scatterAdd of single numbers', async () => {
    const y = await runOrt([int64([3], [0, 2, 0]), float32([3], [1, 2, 4])], (b, i, u) =>
      b.scatterAdd(i!, u!, 3),
    );
    expect(values(y)).toEqual([5, 0, 2]);
  });

  test('scatterAdd loses nothing when many updates meet in one row', async () => {
    // ONNX Runtime's ScatterND adds from several threads at once and loses updates at this size.
    const [count, width] = [4096, 2048];
    const indices = int64([count], Array(count).fill(1));
    const ones = float32([count, width], new Float32Array(count * width).fill(1));
    const y = await runOrt([indices, ones], (b, i, u) => b.scatterAdd(i!, u!, 2));
    expect(new Set(values(y))).toEqual(new Set([0, count]));
  });

  test('packRows zeroes padding, unpackRows undoes it', async () => {
    const x = { tensor: float32([3, 2], [1, 2, 3, 4, 5, 6]), shape: ['N', 2] };
    const index = { tensor: int64([2, 2], [0, 1, 2, 2]), shape: ['B', 'S'] };
    const inverse = { tensor: int64([3], [0, 1, 2]), shape: ['N'] };
    const real = { tensor: float32([2, 2], [1, 1, 1, 0]), shape: ['B', 'S'] };
    const packed = await runOrt([x, index, inverse, real], (b, ...v) =>
      b.packRows(v[0]!, v[1]!, v[2]!, v[3]!),
    );
    expect(packed.shape).toEqual([2, 2, 2]);
    expect(values(packed)).toEqual([1, 2, 3, 4, 5, 6, 0, 0]);
    const rows = { tensor: packed, shape: ['B', 'S', 2] };
    const back = await runOrt([rows, index, inverse, real], (b, ...v) =>
      b.unpackRows(v[0]!, v[1]!, v[2]!, v[3]!),
    );
    expect(back).toEqual({ dtype: 'float32', shape: [3, 2], data: x.tensor.data });
  });
});
