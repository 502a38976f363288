/** @file Softmax, normalisation and rotary positions on ONNX Runtime against the formulas in float64. */
import { expect, test } from 'vitest';
import { float32, type HostTensor, int64 } from '../../../src/tensor/host-tensor.ts';
import { runOrt } from '../../support/ort-run.ts';

/** Deterministic, spread over [-2, 2]. */
const wave = (...shape: number[]) =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 2 * Math.sin(12.9898 * i + 1)),
  );

function expectClose(actual: HostTensor, expected: readonly number[], tolerance = 1e-6): void {
  expect(actual.data).toHaveLength(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...expected.map((value, i) => Math.abs(Number(actual.data[i]) - value)));
  expect(worst / largest).toBeLessThan(tolerance);
}

function rowsOf({ shape, data }: HostTensor): number[][] {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, row) =>
    Array.from({ length: width }, (_, i) => Number(data[row * width + i])),
  );
}

test('softmax and logSoftmax over the last axis, with a mask of -1e9', async () => {
  const x = wave(2, 3, 7);
  x.data[3] = -1e9;
  const softmax = rowsOf(x).map((row) => {
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    return row.map((value) => Math.exp(value) / sum);
  });
  const y = await runOrt([{ tensor: x, shape: ['B', 'S', 7] }], (b, v) => b.softmax(v!));
  expectClose(y, softmax.flat());
  expect(y.data[3]).toBe(0);
  x.data[3] = 0.5;
  const logs = rowsOf(x).map((row) => {
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    return row.map((value) => value - Math.log(sum));
  });
  expectClose(await runOrt([x], (b, v) => b.logSoftmax(v!)), logs.flat());
});

test('rmsNorm, of 2-D and 3-D operands', async () => {
  const weight = wave(576);
  for (const shape of [
    [5, 576],
    [2, 3, 576],
  ]) {
    const x = wave(...shape);
    const expected = rowsOf(x).map((row) => {
      const meanSquare = row.reduce((sum, value) => sum + value * value, 0) / row.length;
      return row.map((value, i) => (value / Math.sqrt(meanSquare + 1e-5)) * Number(weight.data[i]));
    });
    const input = { tensor: x, shape: ['N', ...shape.slice(1)] };
    const y = await runOrt([input, weight], (b, v, w) => b.rmsNorm(v!, w!, 1e-5));
    expect(y.shape).toEqual(shape);
    expectClose(y, expected.flat());
  }
});

test('layerNorm, of 2-D and 3-D operands, a bias added, and of numbers far from 0', async () => {
  const [weight, bias] = [wave(576), wave(576)];
  for (const [shape, offset] of [
    [[5, 576], 0],
    [[2, 3, 576], 0],
    [[5, 576], 10],
  ] as const) {
    const x = float32(
      shape,
      [...wave(...shape).data].map((value) => Number(value) + offset),
    );
    const expected = rowsOf(x).flatMap((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      return row.map(
        (value, i) =>
          ((value - mean) / Math.sqrt(variance + 1e-5)) * Number(weight.data[i]) + Number(bias.data[i]),
      );
    });
    const input = { tensor: x, shape: ['N', ...shape.slice(1)] };
    const y = await runOrt([input, weight, bias], (b, v, w, c) => b.add(b.layerNorm(v!, w!, 1e-5), c!));
    expect(y.shape).toEqual(shape);
    expectClose(y, expected);
  }
});

test('rotary turns each head by its position and back, more tokens than the table has rows', async () => {
  const [tokens, heads, half, rows] = [11, 3, 8, 5];
  const x = wave(tokens, heads * 2 * half);
  const angle = (position: number, i: number) => position / 100 ** (i / half);
  const table = (f: (angle: number) => number) =>
    float32(
      [rows, half],
      Array.from({ length: rows * half }, (_, i) => f(angle(Math.floor(i / half), i % half))),
    );
  const at = Array.from({ length: tokens }, (_, i) => (i * 3) % rows);
  const expected = rowsOf(x).flatMap((row, token) =>
    row.map((value, i) => {
      const within = i % (2 * half);
      const turn = angle(at[token]!, within % half);
      return within < half
        ? value * Math.cos(turn) - row[i + half]! * Math.sin(turn)
        : value * Math.cos(turn) + row[i - half]! * Math.sin(turn);
    }),
  );
  const rotate = (tensor: HostTensor, inverse: boolean) =>
    runOrt(
      [
        { tensor, shape: ['N', heads * 2 * half] },
        table(Math.cos),
        table(Math.sin),
        { tensor: int64([tokens], at), shape: ['N'] },
      ],
      (b, v, cos, sin, positions) => b.rotary(v!, cos!, sin!, positions!, { inverse }),
    );
  const turned = await rotate(x, false);
  expectClose(turned, expected);
  expectClose(await rotate(turned, true), [...x.data].map(Number));
});

test.each([
  ['halves', false],
  ['neighbours', true],
])(
  'partial rotary of %s turns the first features of each head, leaves the rest, and turns back',
  async (_name, interleaved) => {
    const [tokens, heads, headSize, half, rows] = [11, 3, 24, 5, 4];
    const x = wave(tokens, heads * headSize);
    const angle = (position: number, i: number) => position / 100 ** (i / half);
    const table = (f: (angle: number) => number) =>
      float32(
        [rows, half],
        Array.from({ length: rows * half }, (_, i) => f(angle(Math.floor(i / half), i % half))),
      );
    const at = Array.from({ length: tokens }, (_, i) => (i * 3) % rows);
    const expected = rowsOf(x).flatMap((row, token) => {
      const turned = [...row];
      for (let head = 0; head < row.length; head += headSize) {
        for (let i = 0; i < half; i++) {
          const [p, q] = interleaved ? [head + 2 * i, head + 2 * i + 1] : [head + i, head + i + half];
          const turn = angle(at[token]!, i);
          turned[p] = row[p]! * Math.cos(turn) - row[q]! * Math.sin(turn);
          turned[q] = row[q]! * Math.cos(turn) + row[p]! * Math.sin(turn);
        }
      }
      return turned;
    });
    const rotate = (tensor: HostTensor, inverse: boolean) =>
      runOrt(
        [
          { tensor, shape: ['N', heads * headSize] },
          table(Math.cos),
          table(Math.sin),
          { tensor: int64([tokens], at), shape: ['N'] },
        ],
        (b, v, cos, sin, positions) =>
          b.rotary(v!, cos!, sin!, positions!, { inverse, headSize, interleaved }),
      );
    const turned = await rotate(x, false);
    expectClose(turned, expected);
    // What does not turn is copied bit for bit.
    for (const [i, value] of x.data.entries()) {
      if (i % headSize >= 2 * half) expect(turned.data[i]).toBe(value);
    }
    expectClose(await rotate(turned, true), [...x.data].map(Number));
  },
);
