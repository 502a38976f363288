/** @file A low-rank update of a matrix outside of a graph: for merging. Sums are in float64. */
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';

/** W + s B diag(e) A: W [out, in], B [out, r], A [r, in], e [r] or all 1. */
export function addLowRank(
  weight: HostTensor<'float32'>,
  B: HostTensor<'float32'>,
  A: HostTensor<'float32'>,
  scale: number,
  e?: HostTensor<'float32'>,
): HostTensor<'float32'> {
  const [rows, width] = weight.shape as [number, number];
  const rank = A.shape[0]!;
  const data = new Float32Array(weight.data.length);
  const row = new Float64Array(width);
  for (let o = 0; o < rows; o++) {
    row.set(weight.data.subarray(o * width, (o + 1) * width));
    for (let k = 0; k < rank; k++) {
      const factor = scale * B.data[o * rank + k]! * (e === undefined ? 1 : e.data[k]!);
      if (factor === 0) continue;
      for (let i = 0; i < width; i++) row[i]! += factor * A.data[k * width + i]!;
    }
    data.set(row, o * width);
  }
  return hostTensor('float32', weight.shape, data);
}

/** Length of each row of [rows, width]. */
export function rowNorms({ shape, data }: HostTensor<'float32'>): Float32Array {
  const [rows, width] = shape as [number, number];
  return Float32Array.from({ length: rows }, (_, r) => {
    let sum = 0;
    for (let i = r * width; i < (r + 1) * width; i++) sum += data[i]! * data[i]!;
    return Math.sqrt(sum);
  });
}
