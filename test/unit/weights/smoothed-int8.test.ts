/** @file Factors per feature: that they lower the error where features differ in size, change nothing of a row's independence, and that a file of them is checked. */
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { type HostTensor, hostTensor } from '../../../src/tensor/host-tensor.ts';
import { chooseFactors } from '../../../src/weights/choose-factors.ts';
import { readFactors, writeFactors } from '../../../src/weights/factors-file.ts';
import { featureFactors } from '../../../src/weights/feature-factors.ts';
import { float32 } from '../../../src/weights/float32.ts';
import { smoothedInt8 } from '../../../src/weights/smoothed-int8.ts';
import type { WeightFormat } from '../../../src/weights/weight-format.ts';
import { int8Here } from '../../support/integer-kernels.ts';
import { relativeDifference } from '../../support/network-step.ts';
import { productOf, readOut } from '../../support/weight-graphs.ts';

const [N, K, O] = [24, 96, 40];

function random(name: string, shape: readonly [number, number], large: readonly number[] = []) {
  const stream = randomStream(5, name);
  const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => {
    return stream.normal() * (large.includes(i % shape[1]) ? 40 : 1);
  });
  return hostTensor('float32', shape, data);
}

const PLANTED = [3, 50];
const matrix = random('matrix', [O, K]);
const x = random('x', [N, K], PLANTED);
const g = random('g', [N, O]);
const factors = chooseFactors({ x, matrices: [matrix] })!;

/** The format with the factors, under a name that `productOf` does not know. */
const formatWith = (vector: Float32Array | undefined): WeightFormat => {
  const format = smoothedInt8(
    featureFactors(new Map(vector === undefined ? [] : [['w', vector]])),
    int8Here.codes,
  );
  return { ...format, encode: (held) => format.encode(held, 'w') };
};
const smoothed = formatWith(factors);

function meanSquareError(found: Float32Array, expected: Float32Array): number {
  return found.reduce((sum, value, i) => sum + (value - expected[i]!) ** 2, 0) / found.length;
}

test('factors lower the error on rows that were not measured, where some features are large', async () => {
  const others = random('other rows', [N, K], PLANTED);
  const expected = await productOf(float32, matrix, others, g);
  const plain = await productOf(int8Here, matrix, others, g);
  const found = await productOf(smoothed, matrix, others, g);
  expect(meanSquareError(found.y, expected.y)).toBeLessThan(0.3 * meanSquareError(plain.y, expected.y));
  for (const k of PLANTED) expect(factors[k]).toBeGreaterThanOrEqual(4 * factors[0]!);
});

test('there are none where all features are alike', () => {
  expect(chooseFactors({ x: random('alike', [N, K]), matrices: [matrix] })).toBeUndefined();
});

test('features that no row has are no matter', () => {
  const silent = structuredClone(x);
  for (let n = 0; n < N; n++) silent.data.fill(0, n * K, n * K + 2);
  expect(chooseFactors({ x: silent, matrices: [matrix] })!.every((factor) => factor > 0)).toBe(true);
});

test('without factors it is int8, bit for bit', async () => {
  expect(await productOf(formatWith(undefined), matrix, x, g)).toEqual(
    await productOf(int8Here, matrix, x, g),
  );
});

test('product and gradient are those of the matrix it reads out', async () => {
  const read = (await readOut(smoothed, matrix)) as HostTensor<'float32'>;
  expect(relativeDifference(read.data, matrix.data)).toBeLessThan(0.06);
  const expected = await productOf(float32, read, x, g);
  const found = await productOf(smoothed, matrix, x, g);
  expect(relativeDifference(found.y, expected.y)).toBeLessThan(0.05);
  expect(relativeDifference(found.dx, expected.dx)).toBeLessThan(0.05);
});

test('a row alone is bit for bit what it is among the others', async () => {
  const all = await productOf(smoothed, matrix, x, g);
  const row = (tensor: HostTensor<'float32'>, n: number, width: number) =>
    hostTensor('float32', [1, width], tensor.data.slice(n * width, (n + 1) * width));
  for (const n of [0, 7, N - 1]) {
    const one = await productOf(smoothed, matrix, row(x, n, K), row(g, n, O));
    expect(one.y).toEqual(all.y.slice(n * O, (n + 1) * O));
    expect(one.dx).toEqual(all.dx.slice(n * K, (n + 1) * K));
  }
});

test('it takes the bytes it says', () => {
  const bytes = Object.values(smoothed.encode(matrix)).reduce((sum, { data }) => sum + data.byteLength, 0);
  expect(smoothed.sizeBytes([O, K])).toBe(bytes);
});

describe('the file', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vultune-factors-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const measured = featureFactors(new Map([['layer.weight', factors]]));

  test('gives back what was written', async () => {
    const file = join(folder, 'factors.safetensors');
    await writeFactors(file, measured);
    expect(await readFactors(file, measured.fingerprint)).toEqual(measured);
  });

  test.each<[string, Record<string, HostTensor>, string]>([
    ['other factors', { 'layer.weight': hostTensor('float32', [2], Float32Array.of(1, 2)) }, 'fingerprint'],
    ['another name', { other: hostTensor('float32', [K], factors) }, 'fingerprint'],
    ['no power of two', { 'layer.weight': hostTensor('float32', [2], Float32Array.of(1, 3)) }, 'holds 3'],
    ['0', { 'layer.weight': hostTensor('float32', [1], Float32Array.of(0)) }, 'holds 0'],
    ['NaN', { 'layer.weight': hostTensor('float32', [1], Float32Array.of(Number.NaN)) }, 'holds NaN'],
    ['a matrix', { 'layer.weight': hostTensor('float32', [1, 1], Float32Array.of(1)) }, 'expected F32'],
    ['integers', { 'layer.weight': hostTensor('int32', [1], Int32Array.of(1)) }, 'as I32'],
  ])('with %s is refused', async (_what, tensors, message) => {
    const file = join(folder, 'bad.safetensors');
    await writeSafetensors(file, tensors);
    await expect(readFactors(file, measured.fingerprint)).rejects.toMatchObject({
      code: 'INT8_FACTORS',
      message: expect.stringContaining(message),
    });
  });

  test('is refused where it was cut short, without a word of downloads', async () => {
    const file = join(folder, 'cut.safetensors');
    await writeFactors(file, measured);
    truncateSync(file, statSync(file).size - 3);
    await expect(readFactors(file, measured.fingerprint)).rejects.toMatchObject({
      code: 'INT8_FACTORS',
      message: expect.stringContaining('cut short'),
      where: { file },
      hint: expect.not.stringContaining('download'),
    });
  });

  test('is refused where it is missing, and where a matrix has other features', async () => {
    await expect(readFactors(join(folder, 'none'), 'x')).rejects.toMatchObject({ code: 'INT8_FACTORS' });
    expect(() => formatWith(Float32Array.of(1, 2)).encode(matrix)).toThrow(
      expect.objectContaining({ code: 'INT8_FACTORS' }),
    );
  });
});
