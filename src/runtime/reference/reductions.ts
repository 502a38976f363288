/** @file Sums, means and maxima over axes. */
import type { ReduceAttributes } from '../../graph/ops.ts';
import { type HostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { rowMajorStrides, stridedOffsets } from '../../tensor/strided.ts';
import { floatsOf, floatTensor, type Kernels } from './kernel.ts';

export const reductionKernels: Kernels<'reduceSum' | 'reduceMean' | 'reduceMax'> = {
  reduceSum: ([x], attributes) => reduce(x!, attributes, 0, (sum, value) => sum + value),
  reduceMean: ([x], attributes) => {
    const sum = reduce(x!, attributes, 0, (total, value) => total + value);
    const count = sizeOf(attributes.axes.map((axis) => x!.shape[axis]!));
    return floatTensor(
      sum.shape,
      floatsOf(sum).map((value) => value / count),
    );
  },
  reduceMax: ([x], attributes) => reduce(x!, attributes, Number.NEGATIVE_INFINITY, Math.max),
};

function reduce(
  x: HostTensor,
  { axes, keepDims }: ReduceAttributes,
  initial: number,
  combine: (sofar: number, value: number) => number,
): HostTensor {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const out = new Float64Array(sizeOf(kept)).fill(initial);
  // Where each element of x goes: along a reduced axis all go to one place.
  const strides = rowMajorStrides(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  const targets = stridedOffsets(x.shape, strides);
  floatsOf(x).forEach((value, i) => {
    out[targets[i]!] = combine(out[targets[i]!]!, value);
  });
  return floatTensor(keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), out);
}
