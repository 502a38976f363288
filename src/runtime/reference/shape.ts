/** @file Operators that move or repeat elements without computing. */
import { invariant } from '../../base/errors.ts';
import { evaluateDim, type Shape } from '../../graph/dim.ts';
import { type HostTensor, hostTensor, sizeOf, zeros } from '../../tensor/host-tensor.ts';
import { broadcastStrides, rowMajorStrides, stridedOffsets } from '../../tensor/strided.ts';
import { picked, transposed } from '../../tensor/views.ts';
import { floatsOf, floatTensor, type Kernels, type Sizes } from './kernel.ts';

export const shapeKernels: Kernels<
  'constant' | 'reshape' | 'transpose' | 'expand' | 'concat' | 'slice' | 'pad'
> = {
  constant: (_operands, { value }) => asFloat64(value),
  reshape: ([x], { shape }, sizes) => {
    const target = evaluateShape(shape, sizes);
    invariant(sizeOf(target) === x!.data.length, `[${x!.shape}] has another size than [${target}]`);
    return { ...x!, shape: target };
  },
  transpose: ([x], { permutation }) => transposed(x!, permutation),
  expand: ([x], { shape }, sizes) => {
    const target = evaluateShape(shape, sizes);
    return picked(x!, target, stridedOffsets(target, broadcastStrides(x!.shape, target)));
  },
  concat: (parts, { axis }) => concat(parts, axis),
  slice: ([x], { axis, start, end }, sizes) => {
    const strides = rowMajorStrides(x!.shape);
    const first = evaluateDim(start, sizes);
    const shape = x!.shape.with(axis, evaluateDim(end, sizes) - first);
    const offsets = stridedOffsets(shape, strides).map((offset) => offset + first * strides[axis]!);
    return picked(x!, shape, offsets);
  },
  pad: ([x], { axis, before, after }, sizes) => {
    const first = evaluateDim(before, sizes);
    const shape = x!.shape.with(axis, first + x!.shape[axis]! + evaluateDim(after, sizes));
    const strides = rowMajorStrides(shape);
    const out = new Float64Array(sizeOf(shape));
    const offsets = stridedOffsets(x!.shape, strides);
    floatsOf(x!).forEach((value, i) => {
      out[offsets[i]! + first * strides[axis]!] = value;
    });
    return floatTensor(shape, out);
  },
};

/** Float32 as the interpreter holds it; anything else as it is. */
export function asFloat64(tensor: HostTensor): HostTensor {
  if (tensor.dtype !== 'float32') return tensor;
  return hostTensor('float64', tensor.shape, Float64Array.from(tensor.data as Float32Array));
}

export const evaluateShape = (shape: Shape, sizes: Sizes): number[] =>
  shape.map((dim) => evaluateDim(dim, sizes));

/** Joined along one axis: what lies before it are rows, each a piece of every part in turn. */
function concat(parts: readonly HostTensor[], axis: number): HostTensor {
  const first = parts[0]!;
  const shape = first.shape.with(
    axis,
    parts.reduce((total, part) => total + part.shape[axis]!, 0),
  );
  const out = zeros(first.dtype, shape);
  const rows = sizeOf(first.shape.slice(0, axis));
  let start = 0;
  for (let row = 0; row < rows; row++) {
    for (const part of parts) {
      const width = sizeOf(part.shape.slice(axis));
      const piece = part.data.subarray(row * width, (row + 1) * width);
      // All parts have one element type: TypeScript can't see it.
      (out.data as Float64Array).set(piece as Float64Array, start);
      start += width;
    }
  }
  return out;
}
