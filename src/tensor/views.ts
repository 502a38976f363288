/** @file New tensors out of the elements of another, moved or repeated. */
import { bigintsOf, numbersOf } from './elements.ts';
import { type HostTensor, zeros } from './host-tensor.ts';
import { rowMajorStrides, stridedOffsets } from './strided.ts';

/** The elements of `x` at the offsets, in their order; of the type of `x`. */
export function picked(x: HostTensor, shape: readonly number[], offsets: Int32Array): HostTensor {
  if (x.dtype === 'int64') {
    const from = bigintsOf(x);
    return { dtype: x.dtype, shape, data: BigInt64Array.from(offsets, (offset) => from[offset]!) };
  }
  const out = zeros(x.dtype, shape);
  const [from, to] = [numbersOf(x), numbersOf(out)];
  for (let i = 0; i < to.length; i++) to[i] = from[offsets[i]!]!;
  return out;
}

/** Axis i of the result is axis `permutation[i]` of `x`. */
export function transposed(x: HostTensor, permutation: readonly number[]): HostTensor {
  const strides = rowMajorStrides(x.shape);
  const shape = permutation.map((axis) => x.shape[axis]!);
  const offsets = stridedOffsets(
    shape,
    permutation.map((axis) => strides[axis]!),
  );
  return picked(x, shape, offsets);
}
