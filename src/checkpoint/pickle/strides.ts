/** @file Views of flat storages by sizes and strides, counted in elements: how far they reach, and their elements in order. */
import { sizeOf } from '../../tensor/host-tensor.ts';

/** Elements from the first of the view up to its last one, both included; 0 for an empty view. Not exact past 2^53. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((last, size, axis) => last + (size - 1) * strides[axis]!, 1);
}

/** Whether the elements lie one after the other in rows' order. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

const WORDS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** The view's elements in rows' order, one after the other. `span`: its bytes up to the last element, in a buffer of their own. */
export function gatherStrided(
  span: Uint8Array<ArrayBuffer>,
  elementBytes: keyof typeof WORDS,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array<ArrayBuffer> {
  const Words = WORDS[elementBytes];
  const from = new Words(span.buffer);
  const to = new Words(sizeOf(shape));
  const rowSize = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 1;
  const index = shape.map(() => 0);
  let start = 0;
  for (let at = 0; at < to.length; ) {
    for (let column = 0; column < rowSize; column++) to[at++] = from[start + column * step]!;
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      start += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      start -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return new Uint8Array(to.buffer);
}
