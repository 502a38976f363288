/** @file What every weight format keeps to: its product is that of the matrix it reads out, row by row. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { type HostTensor, hostTensor } from '../../../src/tensor/host-tensor.ts';
import { float32 } from '../../../src/weights/float32.ts';
import { int8, int8Unsigned } from '../../../src/weights/int8.ts';
import { WEIGHT_FORMAT_NAMES, weightFormatNamed } from '../../../src/weights/registry.ts';
import type { WeightFormat } from '../../../src/weights/weight-format.ts';
import { areSignedExact } from '../../support/integer-kernels.ts';
import { relativeDifference } from '../../support/network-step.ts';
import { productOf, readOut } from '../../support/weight-graphs.ts';

/** How far a product may be from that of the matrix read out, of the largest entry: rounding of x and of the gradient. */
const PRODUCT: Readonly<Record<string, number>> = { int8: 0.05, 'int8-exact': 2.5e-4 };
const ROUNDING = 2e-6;
/** How far the matrix read out may be from the one put in. */
const STORED: Readonly<Record<string, number>> = {
  float32: 0,
  'as-stored': 0,
  'int8-exact': 0.005,
  int8: 0.005,
  'int8-dequantised': 0.005,
  nf4: 0.16,
  'nf4-double-quant': 0.16,
  fp4: 0.18,
  'fp4-double-quant': 0.18,
};

function random(name: string, shape: readonly [number, number]): HostTensor<'float32'> {
  const stream = randomStream(3, name);
  return hostTensor(
    'float32',
    shape,
    Float32Array.from({ length: shape[0] * shape[1] }, () => stream.normal()),
  );
}

// Neither size a multiple of a block or of what a kernel takes at once.
const [N, K, O] = [7, 75, 37];
const matrix = random('matrix', [O, K]);
matrix.data.fill(0, 2 * K, 3 * K);
const x = random('x', [N, K]);
// What real models have: a few features far larger than the others. And a row of nothing.
for (let n = 0; n < N; n++) x.data[n * K + 5] = 40 + n;
x.data.fill(0, 3 * K, 4 * K);
const g = random('g', [N, O]);

const rows = (tensor: HostTensor<'float32'>, places: readonly number[]): HostTensor<'float32'> => {
  const width = tensor.shape[1]!;
  const picked = places.flatMap((row) => [...tensor.data.subarray(row * width, (row + 1) * width)]);
  return hostTensor('float32', [places.length, width], Float32Array.from(picked));
};

const FORMATS = [
  ...WEIGHT_FORMAT_NAMES.map((name) => ({ what: name, format: weightFormatNamed(name)! })),
  { what: 'int8 with unsigned codes', format: int8Unsigned },
];

if (!areSignedExact)
  console.warn('skipped: this processor adds up products of signed bytes wrong, and no run here has them');
const isRight = ({ multipliesIntegers, codes }: WeightFormat) =>
  areSignedExact || multipliesIntegers !== true || codes === 'uint8';

describe.each(FORMATS.filter(({ format }) => isRight(format)))('$what', ({ format }) => {
  const { name } = format;

  test('reads out nearly what was put in, and takes the bytes it says', async () => {
    expect(
      relativeDifference((await readOut(format, matrix)).data as Float32Array, matrix.data),
    ).toBeLessThanOrEqual(STORED[name]!);
    const bytes = Object.values(format.encode(matrix)).reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(format.sizeBytes([O, K])).toBe(bytes);
  });

  test('what it read out it stores again without a loss', async () => {
    const once = (await readOut(format, matrix)) as HostTensor<'float32'>;
    const twice = await readOut(format, once);
    // Factors in bytes are rounded anew around another mean.
    const slack = name.endsWith('double-quant') ? 0.02 : 1e-6;
    expect(relativeDifference(twice.data as Float32Array, once.data)).toBeLessThanOrEqual(slack);
  });

  test('product and gradient are those of the matrix it reads out', async () => {
    const read = (await readOut(format, matrix)) as HostTensor<'float32'>;
    const expected = await productOf(float32, read, x, g);
    const found = await productOf(format, matrix, x, g);
    expect(relativeDifference(found.y, expected.y)).toBeLessThan(PRODUCT[name] ?? ROUNDING);
    expect(relativeDifference(found.dx, expected.dx)).toBeLessThan(PRODUCT[name] ?? ROUNDING);
    expect([...found.y, ...found.dx].every(Number.isFinite)).toBe(true);
  });

  test('a row among others is bit for bit what it is among any others', async () => {
    const all = await productOf(format, matrix, x, g);
    for (const places of [
      [0, 1],
      [6, 2, 4],
      [5, 3],
    ]) {
      const few = await productOf(format, matrix, rows(x, places), rows(g, places));
      for (const [row, place] of places.entries()) {
        expect(few.y.slice(row * O, (row + 1) * O)).toEqual(all.y.slice(place * O, (place + 1) * O));
        expect(few.dx.slice(row * K, (row + 1) * K)).toEqual(all.dx.slice(place * K, (place + 1) * K));
      }
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    '%d in a row makes no finite number of it, and nothing of others',
    async (bad) => {
      const all = await productOf(format, matrix, x, g);
      const [spoilt, seed] = [structuredClone(x), structuredClone(g)];
      spoilt.data[4 * K + 9] = bad;
      seed.data[4 * O + 9] = bad;
      const found = await productOf(format, matrix, spoilt, seed);
      for (const [name, width] of [
        ['y', O],
        ['dx', K],
      ] as const) {
        for (let row = 0; row < N; row++) {
          const own = found[name].slice(row * width, (row + 1) * width);
          if (row !== 4) expect(own).toEqual(all[name].slice(row * width, (row + 1) * width));
          // An infinity times the matrix's row of zeros is NaN too.
          else expect(own.filter(Number.isFinite).length).toBe(0);
        }
      }
    },
  );

  test('... in integers also alone, where float32 sums in another order', async () => {
    if (PRODUCT[name] === undefined) return;
    const all = await productOf(format, matrix, x, g);
    for (let place = 0; place < N; place++) {
      const one = await productOf(format, matrix, rows(x, [place]), rows(g, [place]));
      expect(one.y).toEqual(all.y.slice(place * O, (place + 1) * O));
      expect(one.dx).toEqual(all.dx.slice(place * K, (place + 1) * K));
    }
  });
});

test('unsigned codes give the numbers of signed ones', async () => {
  const inFloat64 = (format: WeightFormat) =>
    productOf(format, matrix, x, g, async (graph, feeds) => interpret(graph, feeds));
  const signed = await inFloat64(int8);
  expect(await inFloat64(int8Unsigned)).toEqual(signed);
  expect(await readOut(int8Unsigned, matrix)).toEqual(await readOut(int8, matrix));
  // Sums of integers: nothing but the scales is rounded, whatever the kernel.
  const found = await productOf(int8Unsigned, matrix, x, g);
  expect(relativeDifference(found.y, signed.y)).toBeLessThan(1e-6);
  expect(relativeDifference(found.dx, signed.dx)).toBeLessThan(1e-6);
});
