/** @file Operators that pick rows by number, or add to them. A number outside the rows is an error. */
import { evaluateDim } from '../../graph/dim.ts';
import { type HostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { picked } from '../../tensor/views.ts';
import { floatsOf, floatTensor, type Kernels, rowNumbers } from './kernel.ts';

export const indexingKernels: Kernels<'gather' | 'scatterAdd' | 'packRows' | 'unpackRows'> = {
  gather: ([x, indices]) => gather(x!, indices!),
  scatterAdd: ([indices, updates], { rows }, sizes) => {
    const count = evaluateDim(rows, sizes);
    const tail = updates!.shape.slice(indices!.shape.length);
    const width = sizeOf(tail);
    const from = floatsOf(updates!);
    const out = new Float64Array(count * width);
    rowNumbers(indices!, count).forEach((row, i) => {
      for (let j = 0; j < width; j++) out[row * width + j] = out[row * width + j]! + from[i * width + j]!;
    });
    return floatTensor([count, ...tail], out);
  },
  packRows: ([x, index, _inverse, slotIsReal]) => {
    const rows = gather(x!, index!); // [B, S, D]
    const isReal = floatsOf(slotIsReal!);
    const width = x!.shape[1]!;
    return floatTensor(
      rows.shape,
      floatsOf(rows).map((value, i) => (isReal[Math.floor(i / width)] === 0 ? 0 : value)),
    );
  },
  unpackRows: ([y, _index, inverse]) => {
    const [rows, slots, width] = y!.shape as [number, number, number];
    const [count, copies = 1] = inverse!.shape as [number, number?];
    const from = floatsOf(y!);
    const out = new Float64Array(count * width);
    rowNumbers(inverse!, rows * slots + 1).forEach((slot, i) => {
      if (slot === rows * slots) return; // no slot
      const to = Math.floor(i / copies) * width;
      for (let j = 0; j < width; j++) out[to + j] = out[to + j]! + from[slot * width + j]!;
    });
    return floatTensor([count, width], out);
  },
};

function gather(x: HostTensor, indices: HostTensor): HostTensor {
  const tail = x.shape.slice(1);
  const width = sizeOf(tail);
  const rows = rowNumbers(indices, x.shape[0]!);
  const offsets = Int32Array.from(
    { length: rows.length * width },
    (_, i) => rows[Math.floor(i / width)]! * width + (i % width),
  );
  return picked(x, [...indices.shape, ...tail], offsets);
}
