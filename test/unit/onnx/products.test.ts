/** @file Products and reductions on ONNX Runtime against plain loops, for every transposition and rank. */
import { describe, expect, test } from 'vitest';
import { float32, type HostTensor } from '../../../src/tensor/host-tensor.ts';
import { runOrt } from '../../support/ort-run.ts';

/** Small whole numbers: every product and sum is exact. */
const counting = (shape: number[], step = 1) =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * step) % 7) - 3),
  );

/** batch [m, k] x [k, n], element getters given so that transposition is the caller's. */
function product(
  batches: number,
  [m, k, n]: readonly [number, number, number],
  a: (batch: number, i: number, l: number) => number,
  b: (batch: number, l: number, j: number) => number,
): number[] {
  const out: number[] = [];
  for (let batch = 0; batch < batches; batch++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += a(batch, i, l) * b(batch, l, j);
        out.push(sum);
      }
  return out;
}

const at = (tensor: HostTensor, offset: number) => Number(tensor.data[offset]);
const flags = [false, true];
const forms = flags.flatMap((transposeA) =>
  flags.flatMap((transposeB) => [1, 0.5].map((alpha) => ({ transposeA, transposeB, alpha }))),
);
const [m, k, n] = [3, 4, 5];

describe.each(forms)('transposeA $transposeA transposeB $transposeB alpha $alpha', (form) => {
  const { transposeA, transposeB, alpha } = form;
  const shapeA = transposeA ? [k, m] : [m, k];
  const shapeB = transposeB ? [n, k] : [k, n];
  const offsetA = (i: number, l: number) => (transposeA ? l * m + i : i * k + l);
  const offsetB = (l: number, j: number) => (transposeB ? j * k + l : l * n + j);

  test('2-D matmul and gemm', async () => {
    const a = counting(shapeA);
    const b = counting(shapeB, 3);
    const expected = product(
      1,
      [m, k, n],
      (_, i, l) => alpha * at(a, offsetA(i, l)),
      (_, l, j) => at(b, offsetB(l, j)),
    );
    const y = await runOrt([a, b], (builder, p, q) => builder.matmul(p!, q!, form));
    expect(y.shape).toEqual([m, n]);
    expect([...y.data]).toEqual(expected);
    const bias = counting([n], 2);
    const z = await runOrt([a, b, bias], (builder, p, q, c) => builder.gemm(p!, q!, c!, form));
    expect([...z.data]).toEqual(expected.map((value, i) => value + at(bias, i % n)));
  });

  test('batched over two axes, the right one broadcast over the second', async () => {
    const a = counting([2, 3, ...shapeA]);
    const b = counting([2, 1, ...shapeB], 3);
    const y = await runOrt([a, b], (builder, p, q) => builder.matmul(p!, q!, form));
    expect(y.shape).toEqual([2, 3, m, n]);
    expect([...y.data]).toEqual(
      product(
        6,
        [m, k, n],
        (batch, i, l) => alpha * at(a, batch * m * k + offsetA(i, l)),
        (batch, l, j) => at(b, Math.floor(batch / 3) * k * n + offsetB(l, j)),
      ),
    );
  });

  test('a batch times one matrix', async () => {
    const a = counting([2, ...shapeA]);
    const b = counting(shapeB, 3);
    const y = await runOrt([a, b], (builder, p, q) => builder.matmul(p!, q!, form));
    expect([...y.data]).toEqual(
      product(
        2,
        [m, k, n],
        (batch, i, l) => alpha * at(a, batch * m * k + offsetA(i, l)),
        (_, l, j) => at(b, offsetB(l, j)),
      ),
    );
  });
});

test('gemm adds a whole matrix, a column and a scalar', async () => {
  const a = float32([2, 1], [1, 2]);
  const b = float32([1, 2], [10, 20]);
  const gemm = async (c: HostTensor) => [
    ...(await runOrt([a, b, c], (builder, p, q, r) => builder.gemm(p!, q!, r!))).data,
  ];
  expect(await gemm(float32([2, 2], [1, 2, 3, 4]))).toEqual([11, 22, 23, 44]);
  expect(await gemm(float32([2, 1], [1, 2]))).toEqual([11, 21, 22, 42]);
  expect(await gemm(float32([], [1]))).toEqual([11, 21, 21, 41]);
});

describe('reductions of [2, 2, 2]', () => {
  const x = float32([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 16]);
  test.each([
    ['reduceSum', [0], false, [2, 2], [6, 8, 10, 20]],
    ['reduceSum', [0, 2], true, [1, 2, 1], [14, 30]],
    ['reduceSum', [0, 1, 2], false, [], [44]],
    ['reduceMean', [2], true, [2, 2, 1], [1.5, 3.5, 5.5, 11.5]],
    ['reduceMean', [], false, [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 16]],
    ['reduceMax', [1], false, [2, 2], [3, 4, 7, 16]],
    ['reduceMax', [1, 2], true, [2, 1, 1], [4, 16]],
  ] as const)('%s over %j, keepDims %s', async (op, axes, keepDims, shape, expected) => {
    const y = await runOrt([x], (builder, value) => builder.apply(op, [value!], { axes, keepDims }));
    expect(y.shape).toEqual(shape);
    expect([...y.data]).toEqual(expected);
  });
});
