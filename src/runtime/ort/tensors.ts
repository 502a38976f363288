/** @file Host tensors as ONNX Runtime's tensors, over the same memory. */
import { Tensor } from 'onnxruntime-node';
import { invariant } from '../../base/errors.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';

/** Weights are given at every run: their wrappers are kept as long as they are. */
const wrappers = new WeakMap<HostTensor, Tensor>();

const DTYPES: ReadonlySet<string> = new Set<DType>([
  'float64',
  'float32',
  'int64',
  'int32',
  'uint32',
  'int8',
  'uint8',
  'bool',
]);

/** A view: what ONNX Runtime writes to it, the host tensor has. */
export function toOrtTensor(tensor: HostTensor): Tensor {
  let wrapper = wrappers.get(tensor);
  if (wrapper === undefined) {
    wrapper = new Tensor(tensor.dtype, tensor.data, tensor.shape);
    wrappers.set(tensor, wrapper);
  }
  return wrapper;
}

/** A view too. */
export function fromOrtTensor({ type, dims, data }: Tensor): HostTensor {
  invariant(DTYPES.has(type), `ONNX Runtime gave a tensor of ${type}`);
  return { dtype: type as DType, shape: dims, data: data as HostTensor['data'] };
}
