/** @file Rotary positions: each pair (a, b) of a head's halves turns by the angle of the token's position. */
import { floatsOf, floatTensor, type Kernels, rowNumbers } from './kernel.ts';

export const rotaryKernels: Kernels<'rotary'> = {
  rotary: ([x, cos, sin, positions], { inverse }) => {
    const [tokens, width] = x!.shape;
    const [tableRows, half] = cos!.shape;
    const [values, cosines, sines] = [floatsOf(x!), floatsOf(cos!), floatsOf(sin!)];
    const rows = rowNumbers(positions!, tableRows!);
    const out = new Float64Array(values.length);
    for (let token = 0; token < tokens!; token++) {
      for (let head = 0; head < width!; head += 2 * half!) {
        for (let i = 0; i < half!; i++) {
          const at = token * width! + head + i;
          const [a, b] = [values[at]!, values[at + half!]!];
          const c = cosines[rows[token]! * half! + i]!;
          const s = sines[rows[token]! * half! + i]! * (inverse ? -1 : 1);
          out[at] = a * c - b * s;
          out[at + half!] = b * c + a * s;
        }
      }
    }
    return floatTensor(x!.shape, out);
  },
};
