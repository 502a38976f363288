/** @file Cases of products in integers and of matrices out of their codes: both orders, rows of zeros, padded blocks. */
import { type ByteCodes, zeroOfCodes } from '../../src/graph/ops.ts';
import { areSignedExact } from './integer-kernels.ts';
import { type CaseInput, exactly, floats, frozen, type OpCase, opCase, wholes } from './op-case.ts';

/** Whole numbers of which each row of 4 has one of size 127: rounding leaves them, whatever float32 does to the last bit. */
const steps: CaseInput = {
  ...floats(['N', 4]),
  element: (random, i) => (i % 4 === 1 ? 127 : Math.floor(255 * random()) - 127),
};
const ALL_CODES: readonly ByteCodes[] = ['int8', 'uint8'];
/** No signed ones where the processor multiplies them wrong. */
const MULTIPLIED: readonly ByteCodes[] = areSignedExact ? ALL_CODES : ['uint8'];
const coded = (codes: ByteCodes, shape: CaseInput['shape']) =>
  wholes(codes, shape, zeroOfCodes(codes) - 127, zeroOfCodes(codes) + 128);
const scales = (rows: number) => frozen(floats([rows], 0.01, 0.02));

/** Rounded to 8 bits, a gradient is off by half of 1/127 of its row's largest in every place. */
const TOLERANCE = { 1: 0.02, 2: 1e-4 } as const;

const product = (codes: ByteCodes, digits: 1 | 2, transposeB: boolean, hasScales: boolean): OpCase => ({
  ...opCase(
    `int8Matmul of ${codes}, ${digits} digits${transposeB ? ', turned' : ''}${hasScales ? ', scaled' : ''}`,
    [steps, coded(codes, transposeB ? [3, 4] : [4, 3]), ...(hasScales ? [scales(3)] : [])],
    (b, x, w, s) => b.int8Matmul(x!, w!, s, { digits, ...(transposeB && { transposeB }) }),
  ),
  smooth: {
    make: (b, x, w, s) => {
      const weights = b.sub(b.cast(w!, 'float32'), b.scalar(zeroOfCodes(codes)));
      const y = b.matmul(x!, weights, { transposeB });
      return s === undefined ? y : b.mul(y, s);
    },
    tolerance: TOLERANCE[digits],
  },
});

const NUMBERS = [-1, -0.7, -0.5, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];

const blocks = (name: string, shape: readonly [number, number], blockSize: number): OpCase => {
  const count = Math.ceil((shape[0] * shape[1]) / blockSize);
  return opCase(
    `dequantizeBlocks, ${name}`,
    [wholes('uint8', [(count * blockSize) / 2], 0, 256), frozen(floats([count], 0, 3))],
    (b, c, f) => b.dequantizeBlocks(c!, f!, { values: NUMBERS, blockSize, shape }),
  );
};

export const quantizedCases: {
  readonly [K in 'int8Matmul' | 'dequantizeRows' | 'dequantizeBlocks']: readonly OpCase[];
} = {
  int8Matmul: MULTIPLIED.flatMap((codes) => [
    ...([1, 2] as const).flatMap((digits) => [
      product(codes, digits, false, false),
      product(codes, digits, true, false),
      product(codes, digits, false, true),
      product(codes, digits, true, true),
    ]),
    opCase(
      `int8Matmul of ${codes}, rows of zeros, tiny and huge numbers`,
      [exactly('float32', [4, 2], [0, 0, 127e-20, -1e-20, 1e20, 127e20, 0, -127]), coded(codes, [2, 3])].map(
        frozen,
      ),
      (b, x, w) => b.int8Matmul(x!, w!, undefined, { digits: 2 }),
    ),
    opCase(
      `two int8Matmuls of the same rows, ${codes}`,
      [frozen(steps), coded(codes, [4, 3]), coded(codes, [3, 4]), scales(3)],
      (b, x, w, v, s) =>
        b.add(
          b.int8Matmul(x!, w!, s, { digits: 1 }),
          b.int8Matmul(x!, v!, s, { digits: 2, transposeB: true }),
        ),
    ),
  ]),
  dequantizeRows: ALL_CODES.flatMap((codes) => [
    opCase(`dequantizeRows of ${codes}`, [coded(codes, [3, 4]), scales(3)], (b, c, s) =>
      b.dequantizeRows(c!, s!),
    ),
    opCase(`dequantizeRows of ${codes}, one column`, [coded(codes, [3, 1]), scales(3)], (b, c, s) =>
      b.dequantizeRows(c!, s!),
    ),
  ]),
  dequantizeBlocks: [
    blocks('whole blocks', [4, 8], 8),
    blocks('blocks over the ends of rows', [3, 8], 4),
    blocks('the last block in part', [3, 5], 8),
    blocks('an odd number of codes in one block', [1, 3], 8),
  ],
};
