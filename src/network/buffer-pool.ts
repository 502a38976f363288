/**
 * @file Memory for tensors whose size changes from step to step: one growing buffer a name, of which each step uses the
 * beginning. Keeps activations from being allocated and collected thousands of times.
 */
import { allocate, type DType, type DTypeArrays } from '../tensor/dtype.ts';
import { type HostTensor, sizeOf } from '../tensor/host-tensor.ts';

/** Room to spare when a buffer grows, so that slightly longer steps don't each grow it. */
const SLACK = 1.1;

export class BufferPool {
  readonly #buffers = new Map<string, DTypeArrays[DType]>();

  /** A tensor with arbitrary contents, valid until the same name is taken again. */
  take<K extends DType>(name: string, dtype: K, shape: readonly number[]): HostTensor<K> {
    const size = sizeOf(shape);
    const key = `${dtype} ${name}`;
    let buffer = this.#buffers.get(key) as DTypeArrays[K] | undefined;
    if (buffer === undefined || buffer.length < size) {
      buffer = allocate(dtype, buffer === undefined ? size : Math.ceil(size * SLACK));
      this.#buffers.set(key, buffer);
    }
    return { dtype, shape, data: buffer.subarray(0, size) as DTypeArrays[K] };
  }
}
