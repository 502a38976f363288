/** @file Rows out of a matrix that is in memory: what reading only them has to give. */
import { float32, type HostTensor } from '../../src/tensor/host-tensor.ts';

/** [rows.length, D]. */
export function rowsOf({ shape, data }: HostTensor, rows: ArrayLike<number>): HostTensor<'float32'> {
  const D = shape[1]!;
  const values = Array.from(data, Number);
  return float32([rows.length, D], Array.from(rows, (row) => values.slice(row * D, (row + 1) * D)).flat());
}
