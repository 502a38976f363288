/**
 * @file A matrix in 8 bits, as bitsandbytes has it (LLM.int8, arXiv:2208.07339, without its outlier columns, which depend
 * on the batch): row by row in steps of 1/127 of the row's largest element. Products are in integers.
 */
import type { ByteCodes } from '../graph/ops.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { largestMagnitude } from '../tensor/largest-magnitude.ts';
import { roundHalfToEven } from '../tensor/rounding.ts';
import { type MatrixShape, type PartInput, productOfRead, type WeightFormat } from './weight-format.ts';

/** codes [out, in] and what a step of each row is worth [out]. */
export function encodeInt8(matrix: HostTensor<'float32'>, codes: ByteCodes = 'int8') {
  const signed = encodeSigned(matrix);
  if (codes === 'int8') return signed;
  const bytes = new Uint8Array(signed.codes.data.buffer);
  // Adding 128 turns the highest bit.
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0x80;
  return { codes: hostTensor('uint8', signed.codes.shape, bytes), scales: signed.scales };
}

function encodeSigned({ shape, data }: HostTensor<'float32'>) {
  const [rows, columns] = shape as MatrixShape;
  const codes = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * columns, (r + 1) * columns);
    const largest = largestMagnitude(row);
    if (largest === 0) continue;
    scales[r] = largest / 127;
    // In float32, as bitsandbytes computes it: else some halves are rounded to the other side.
    const inverse = Math.fround(127 / largest);
    for (let k = 0; k < columns; k++) {
      codes[r * columns + k] = roundHalfToEven(Math.fround(row[k]! * inverse));
    }
  }
  return { codes: hostTensor('int8', shape, codes), scales: hostTensor('float32', [rows], scales) };
}

const partsOf = ([rows, columns]: MatrixShape, part: PartInput, codes: ByteCodes) =>
  [part('codes', codes, [rows, columns]), part('scales', 'float32', [rows])] as const;

const held = (codes: ByteCodes): Pick<WeightFormat, 'isQuantized' | 'encode' | 'read' | 'sizeBytes'> => ({
  isQuantized: true,
  encode: (matrix) => encodeInt8(matrix, codes),
  read: (b, shape, part) => b.dequantizeRows(...partsOf(shape, part, codes)),
  sizeBytes: ([rows, columns]) => rows * columns + 4 * rows,
});

const inIntegers =
  (digits: 1 | 2, codes: ByteCodes): WeightFormat['product'] =>
  (b, x, shape, part) =>
    b.int8Matmul(x, ...partsOf(shape, part, codes), { digits, transposeB: true });

/** Rows of x, and of the gradient, are rounded to 8 bits: one product. */
const fastInt8 = (codes: ByteCodes): WeightFormat => ({
  ...held(codes),
  name: 'int8',
  describe: '8 bits a weight, products in 8 bits',
  multipliesIntegers: true,
  codes,
  product: inIntegers(1, codes),
});

export const int8 = fastInt8('int8');

/** The same numbers, for processors that add up products of signed codes wrong. */
export const int8Unsigned = fastInt8('uint8');

const signed = held('int8');

/** Rows of x, and of the gradient, are rounded to 16 bits: two products, and what is left is the rounding of the weights. */
export const int8Exact: WeightFormat = {
  ...signed,
  name: 'int8-exact',
  describe: '8 bits a weight, products in 16 bits',
  multipliesIntegers: true,
  codes: 'int8',
  product: inIntegers(2, 'int8'),
};

/** For processors on which products in integers are wrong, or two of them slower than one in float32. */
export const int8Dequantised: WeightFormat = {
  ...signed,
  name: 'int8-dequantised',
  describe: '8 bits a weight, products in 32 bits',
  product: productOfRead(signed.read),
};
