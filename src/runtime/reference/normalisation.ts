/** @file Operators along the last axis: softmax, its logarithm, normalisation. */
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { floatsOf, floatTensor, type Kernels } from './kernel.ts';

export const normalisationKernels: Kernels<'softmax' | 'logSoftmax' | 'rmsNorm' | 'layerNorm'> = {
  softmax: ([x]) =>
    mapRows(x!, (row) => {
      const logSum = logSumExp(row);
      return row.map((value) => Math.exp(value - logSum));
    }),
  logSoftmax: ([x]) =>
    mapRows(x!, (row) => {
      const logSum = logSumExp(row);
      return row.map((value) => value - logSum);
    }),
  rmsNorm: ([x, weight], { epsilon }) => {
    const scale = floatsOf(weight!);
    return mapRows(x!, (row) => {
      const meanSquare = row.reduce((sum, value) => sum + value * value, 0) / row.length;
      const root = Math.sqrt(meanSquare + epsilon);
      return row.map((value, i) => (value / root) * scale[i]!);
    });
  },
  layerNorm: ([x, weight], { epsilon }) => {
    const scale = floatsOf(weight!);
    return mapRows(x!, (row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      const root = Math.sqrt(variance + epsilon);
      return row.map((value, i) => ((value - mean) / root) * scale[i]!);
    });
  },
};

/** The largest value is taken out first, so that nothing overflows. */
function logSumExp(row: Float64Array): number {
  const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

function mapRows(x: HostTensor, change: (row: Float64Array) => Float64Array): HostTensor {
  const data = floatsOf(x);
  const width = x.shape.at(-1)!;
  const out = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    out.set(change(data.subarray(start, start + width)), start);
  }
  return floatTensor(x.shape, out);
}
