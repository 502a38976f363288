/** @file A dense tensor in the memory of this process: an element type, a shape and a flat row-major array. */
import { invariant } from '../base/errors.ts';
import { allocate, type DType, type DTypeArrays } from './dtype.ts';

export interface HostTensor<K extends DType = DType> {
  readonly dtype: K;
  readonly shape: readonly number[];
  /** Row-major, `sizeOf(shape)` elements. */
  readonly data: DTypeArrays[K];
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

export function hostTensor<K extends DType>(
  dtype: K,
  shape: readonly number[],
  data: DTypeArrays[K],
): HostTensor<K> {
  invariant(
    data.length === sizeOf(shape),
    `${data.length} elements given for a tensor of shape [${shape.join(', ')}]`,
  );
  return { dtype, shape, data };
}

/** Index of the first NaN or infinity; -1 when there is none. */
export function firstNotFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) {
    // What is finite less itself is 0, everything else NaN: several times as fast as Number.isFinite.
    if (data[i]! - data[i]! !== 0) return i;
  }
  return -1;
}

export function zeros<K extends DType>(dtype: K, shape: readonly number[]): HostTensor<K> {
  return { dtype, shape, data: allocate(dtype, sizeOf(shape)) };
}

export function float32(shape: readonly number[], values: ArrayLike<number>): HostTensor<'float32'> {
  return hostTensor('float32', shape, Float32Array.from(values));
}

export function int64(shape: readonly number[], values: readonly number[]): HostTensor<'int64'> {
  return hostTensor('int64', shape, BigInt64Array.from(values, BigInt));
}
