/**
 * @file A matrix in 8 bits, as bitsandbytes has it (LLM.int8, arXiv:2208.07339, without its outlier columns, which depend
 * on the batch): row by row in steps of 1/127 of the row's largest element. Products are in integers.
 */
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { largestMagnitude } from '../tensor/largest-magnitude.ts';
import { roundHalfToEven } from '../tensor/rounding.ts';
import { type MatrixShape, type PartInput, productOfRead, type WeightFormat } from './weight-format.ts';

/** codes [out, in] and what a step of each row is worth [out]. */
export function encodeInt8({ shape, data }: HostTensor<'float32'>) {
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

const partsOf = ([rows, columns]: MatrixShape, part: PartInput) =>
  [part('codes', 'int8', [rows, columns]), part('scales', 'float32', [rows])] as const;

const held: Pick<WeightFormat, 'isQuantized' | 'encode' | 'read' | 'sizeBytes'> = {
  isQuantized: true,
  encode: encodeInt8,
  read: (b, shape, part) => b.dequantizeRows(...partsOf(shape, part)),
  sizeBytes: ([rows, columns]) => rows * columns + 4 * rows,
};

const inIntegers =
  (digits: 1 | 2): WeightFormat['product'] =>
  (b, x, shape, part) =>
    b.int8Matmul(x, ...partsOf(shape, part), { digits, transposeB: true });

/** Rows of x, and of the gradient, are rounded to 8 bits: one product. */
export const int8: WeightFormat = {
  ...held,
  name: 'int8',
  describe: '8 bits a weight, products in 8 bits',
  multipliesIntegers: true,
  product: inIntegers(1),
};

/** Rows of x, and of the gradient, are rounded to 16 bits: two products, and what is left is the rounding of the weights. */
export const int8Exact: WeightFormat = {
  ...held,
  name: 'int8-exact',
  describe: '8 bits a weight, products in 16 bits',
  multipliesIntegers: true,
  product: inIntegers(2),
};

/** For processors whose integer products overflow. */
export const int8Dequantised: WeightFormat = {
  ...held,
  name: 'int8-dequantised',
  describe: '8 bits a weight, products in 32 bits',
  product: productOfRead(held.read),
};
