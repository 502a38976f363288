/** @file Products whose left side is rounded row by row, and matrices out of their codes. */
import { zeroOfCodes } from '../../graph/ops.ts';
import { numbersOf } from '../../tensor/elements.ts';
import { type HostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { largestMagnitude } from '../../tensor/largest-magnitude.ts';
import { roundHalfToEven } from '../../tensor/rounding.ts';
import { transposed } from '../../tensor/views.ts';
import { floatsOf, floatTensor, type Kernels } from './kernel.ts';
import { productKernels } from './products.ts';

export const quantizedKernels: Kernels<'int8Matmul' | 'dequantizeRows' | 'dequantizeBlocks'> = {
  int8Matmul: ([x, codes, scales], { transposeB, digits }, sizes) => {
    const right = transposeB === true ? transposed(codes!, [1, 0]) : codes!;
    const weights = floatTensor(right.shape, rowCodes(right));
    const y = productKernels.matmul([roundRows(x!, digits), weights], {}, sizes);
    if (scales === undefined) return y;
    const [elements, factors] = [floatsOf(y), floatsOf(scales)];
    return floatTensor(
      y.shape,
      elements.map((element, i) => element * factors[i % factors.length]!),
    );
  },
  dequantizeRows: ([codes, scales]) => {
    const [values, factors] = [rowCodes(codes!), floatsOf(scales!)];
    const width = codes!.shape[1]!;
    return floatTensor(
      codes!.shape,
      values.map((code, i) => code * factors[Math.floor(i / width)]!),
    );
  },
  dequantizeBlocks: ([codes, factors], { values, blockSize, shape }) => {
    const [bytes, scales] = [numbersOf(codes!), floatsOf(factors!)];
    const out = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const byte = bytes[i >> 1]!;
      // As float32 holds the numbers of the codes.
      return Math.fround(values[i % 2 === 0 ? byte >> 4 : byte & 15]!) * scales[Math.floor(i / blockSize)]!;
    });
    return floatTensor(shape, out);
  },
};

/** The numbers of codes in one byte. */
function rowCodes(codes: HostTensor): Float64Array {
  const zero = zeroOfCodes(codes.dtype);
  return Float64Array.from(numbersOf(codes), (code) => code - zero);
}

/** Each row in steps of 1/127 of its largest element, or with two digits of 1/254 of that. */
function roundRows(x: HostTensor, digits: 1 | 2): HostTensor {
  const width = x.shape[1]!;
  const values = floatsOf(x);
  const out = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const step = largestMagnitude(row) / 127;
    if (step === 0) continue;
    row.forEach((value, k) => {
      const high = roundHalfToEven(value / step);
      const low = digits === 1 ? 0 : roundHalfToEven((value / step - high) * 254) / 254;
      out[start + k] = step * (high + low);
    });
  }
  return floatTensor(x.shape, out);
}
