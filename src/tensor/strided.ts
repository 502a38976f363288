/** @file Views of row-major memory by strides: what transposing, broadcasting and reducing have in common. */
import { sizeOf } from './host-tensor.ts';

/** How far apart neighbours along each axis lie. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Strides that read a tensor of shape `from` as one of the larger shape `to`: 0 along each axis that is repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = rowMajorStrides(from);
  const lead = to.length - from.length;
  return to.map((size, axis) => (axis < lead || from[axis - lead] !== size ? 0 : strides[axis - lead]!));
}

/** The offset of every element of a view, in row-major order of `shape`. */
export function stridedOffsets(shape: readonly number[], strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(sizeOf(shape));
  const position = new Array<number>(shape.length).fill(0);
  let offset = 0;
  for (let i = 0; i < offsets.length; i++) {
    offsets[i] = offset;
    // The next position: the last axis first, with a carry.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      offset -= strides[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return offsets;
}

/** The shape two shapes broadcast to, as NumPy does; undefined when they do not. */
export function broadcastSizes(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const sizes: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    sizes.push(x === 1 ? y : x);
  }
  return sizes;
}
