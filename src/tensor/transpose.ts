/** @file A matrix by columns instead of rows. */
import { type HostTensor, hostTensor } from './host-tensor.ts';

/** [rows, columns] -> [columns, rows] */
export function transpose({ data, shape }: HostTensor<'float32'>): HostTensor<'float32'> {
  const [rows, columns] = shape as readonly [number, number];
  const out = new Float32Array(data.length);
  // Tiles keep both sides in the cache.
  const TILE = 32;
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < columns; left += TILE) {
      for (let r = top; r < Math.min(top + TILE, rows); r++) {
        for (let c = left; c < Math.min(left + TILE, columns); c++)
          out[c * rows + r] = data[r * columns + c]!;
      }
    }
  }
  return hostTensor('float32', [columns, rows], out);
}
