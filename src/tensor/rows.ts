/** @file Rows of a matrix in memory: taken out, and added back. */
import { numbersOf } from './elements.ts';
import { type HostTensor, zeros } from './host-tensor.ts';

/** [rows.length, D] of a float matrix [.., D], of the same element type. */
export function takeRows<K extends 'float32' | 'float64'>(
  matrix: HostTensor<K>,
  rows: ArrayLike<number>,
): HostTensor<K> {
  const D = matrix.shape[1]!;
  const out = zeros(matrix.dtype, [rows.length, D]);
  for (let i = 0; i < rows.length; i++) {
    out.data.set(matrix.data.subarray(rows[i]! * D, (rows[i]! + 1) * D), i * D);
  }
  return out;
}

/** Adds [rows.length, D] to those rows of a matrix [.., D]; a row may stand there several times. */
export function addRows(matrix: HostTensor, rows: ArrayLike<number>, values: HostTensor): void {
  const D = matrix.shape[1]!;
  const [to, from] = [numbersOf(matrix), numbersOf(values)];
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i]! * D;
    for (let d = 0; d < D; d++) to[at + d]! += from[i * D + d]!;
  }
}
