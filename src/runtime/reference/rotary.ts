/** @file Rotary positions: each pair (a, b) of a head's turning features turns by the angle of the token's position. */
import { floatsOf, floatTensor, type Kernels, rowNumbers } from './kernel.ts';

export const rotaryKernels: Kernels<'rotary'> = {
  rotary: ([x, cos, sin, positions], { inverse, headSize, interleaved }) => {
    const [tokens, width] = x!.shape;
    const [tableRows, half] = cos!.shape;
    const [values, cosines, sines] = [floatsOf(x!), floatsOf(cos!), floatsOf(sin!)];
    const rows = rowNumbers(positions!, tableRows!);
    const step = headSize ?? 2 * half!;
    // Features that do not turn pass through.
    const out = values.slice();
    for (let token = 0; token < tokens!; token++) {
      for (let head = 0; head < width!; head += step) {
        for (let i = 0; i < half!; i++) {
          const first = token * width! + head + (interleaved ? 2 * i : i);
          const second = first + (interleaved ? 1 : half!);
          const [a, b] = [values[first]!, values[second]!];
          const c = cosines[rows[token]! * half! + i]!;
          const s = sines[rows[token]! * half! + i]! * (inverse ? -1 : 1);
          out[first] = a * c - b * s;
          out[second] = b * c + a * s;
        }
      }
    }
    return floatTensor(x!.shape, out);
  },
};
