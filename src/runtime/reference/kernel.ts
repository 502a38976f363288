/**
 * @file What a kernel of the reference interpreter is. Values of `float32` are float64 tensors here; a kernel works out
 * its result's shape from its operands, so that shape inference can be checked against it.
 */
import { invariant } from '../../base/errors.ts';
import type { OpAttributes, OpName } from '../../graph/ops.ts';
import { bigintsOf } from '../../tensor/elements.ts';
import { type HostTensor, hostTensor } from '../../tensor/host-tensor.ts';

/** Values of symbolic sizes. */
export type Sizes = ReadonlyMap<string, number>;

export type Kernel<K extends OpName> = (
  operands: readonly HostTensor[],
  attributes: OpAttributes[K],
  sizes: Sizes,
) => HostTensor;

export type Kernels<K extends OpName> = { readonly [T in K]: Kernel<T> };

export function floatsOf(tensor: HostTensor): Float64Array {
  invariant(tensor.data instanceof Float64Array, `expected float64 elements, found ${tensor.dtype}`);
  return tensor.data;
}

export const floatTensor = (shape: readonly number[], data: Float64Array): HostTensor =>
  hostTensor('float64', shape, data);

/** Elements of an int64 tensor as row numbers below `rows`. */
export function rowNumbers(indices: HostTensor, rows: number): number[] {
  return Array.from(bigintsOf(indices), (index) => {
    invariant(0n <= index && index < BigInt(rows), `index ${index} is not one of ${rows} rows`);
    return Number(index);
  });
}
