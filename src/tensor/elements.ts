/** @file The elements of a tensor as numbers or as bigints: which of the two is a matter of its element type. */
import { invariant } from '../base/errors.ts';
import type { DType, DTypeArrays } from './dtype.ts';
import type { HostTensor } from './host-tensor.ts';

/** Arrays whose elements are numbers: all but int64's. */
export type NumberArray = DTypeArrays[Exclude<DType, 'int64'>];

export function numbersOf(tensor: HostTensor): NumberArray {
  const { data } = tensor;
  invariant(!(data instanceof BigInt64Array), 'int64 elements are no numbers');
  return data;
}

export function bigintsOf(tensor: HostTensor): BigInt64Array {
  const { data } = tensor;
  invariant(data instanceof BigInt64Array, `${tensor.dtype} elements are no bigints`);
  return data;
}
