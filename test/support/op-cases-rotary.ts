/** @file Cases of rotary positions: whole and partial heads, halves and neighbours, both ways. */
import type { RotaryOptions } from '../../src/graph/builder.ts';
import type { CaseInput } from './op-case.ts';
import { exactly, floats, frozen, type OpCase, opCase, rowNumbers } from './op-case.ts';

const angles = (f: (angle: number) => number, half: number) =>
  frozen({ ...floats([6, half]), element: (_random, i) => f((Math.floor(i / half) + 1) / (1 + (i % half))) });

const rotary = (
  name: string,
  [width, half]: readonly [width: number, half: number],
  positions: CaseInput,
  options: RotaryOptions,
): OpCase =>
  opCase(
    name,
    [floats(['N', width]), angles(Math.cos, half), angles(Math.sin, half), positions],
    (b, x, cos, sin, at) => b.rotary(x!, cos!, sin!, at!, options),
  );

export const rotaryCases: readonly OpCase[] = [false, true].flatMap((inverse) =>
  [false, true].flatMap((interleaved) => {
    const way = `${interleaved ? 'neighbours' : 'halves'}, inverse ${inverse}`;
    const options = { inverse, interleaved };
    const random = rowNumbers(['N'], 6);
    return [
      rotary(`rotary of two heads, ${way}`, [8, 2], random, options),
      rotary(
        `rotary of three heads of one pair, ${way}`,
        [6, 1],
        exactly('int64', ['N'], [0, 1, 2, 0, 1]),
        options,
      ),
      rotary(`rotary of 4 of 6 features, ${way}`, [12, 2], random, { ...options, headSize: 6 }),
      rotary(`rotary of 2 of 5 features, three heads, ${way}`, [15, 1], random, { ...options, headSize: 5 }),
      // Wide enough for vectors, with a rest.
      rotary(`rotary of 38 of 48 features, ${way}`, [96, 19], random, { ...options, headSize: 48 }),
    ];
  }),
);
