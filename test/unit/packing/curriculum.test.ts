import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Curriculum } from '../../../src/packing/curriculum.ts';
import { type PackingOptions, planEpoch } from '../../../src/packing/plan.ts';
import { groupAtFullLength, separateFunctions } from '../../../src/packing/units.ts';

const options: PackingOptions = {
  packing: 'isolated',
  tokensPerBatch: 100,
  maxFunctionsPerSequence: undefined,
  functionsPerStep: 8,
  padTo: undefined,
};
const first = { seed: 1, epoch: 0 };

/** The functions of each step of an epoch. */
const stepsOf = (
  lengths: readonly number[],
  curriculum: Curriculum | undefined,
  order = first,
  changed: Partial<PackingOptions> = {},
) =>
  planEpoch({ ...separateFunctions(lengths), curriculum }, { ...options, ...changed }, order).map(
    ({ sequences }) => sequences.flatMap(({ functions }) => [...functions]),
  );

const ascending = (items: readonly number[]) => items.toSorted((a, b) => a - b);
const someLengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 80 });
const kinds = fc.constantFrom<PackingOptions['packing']>('isolated', 'none', 'joined');

test('every function once, in as many steps, whatever the order', () => {
  fc.assert(
    fc.property(someLengths, fc.boolean(), kinds, (lengths, annealed, packing) => {
      const steps = stepsOf(lengths, { difficulty: lengths, annealed }, first, { packing });
      expect(ascending(steps.flat())).toEqual([...lengths.keys()]);
      expect(steps.map(({ length }) => length)).toEqual(
        stepsOf(lengths, undefined, first, { packing }).map(({ length }) => length),
      );
    }),
  );
});

test('strictly by difficulty: no function of a step is harder than one of a later step', () => {
  fc.assert(
    fc.property(someLengths, kinds, (lengths, packing) => {
      const steps = stepsOf(lengths, { difficulty: lengths, annealed: false }, first, { packing });
      for (const [i, step] of steps.slice(1).entries()) {
        const before = Math.max(...steps[i]!.map((one) => lengths[one]!));
        expect(Math.min(...step.map((one) => lengths[one]!))).toBeGreaterThanOrEqual(before);
      }
    }),
  );
});

test('annealed: a function waits until the window reaches it, and the window reaches all at the end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 80 }), fc.integer({ min: 0, max: 1000 }), (n, seed) => {
      // A step is one function here, so that the plan tells the order.
      const lengths = Array.from({ length: n }, (_, i) => i + 1);
      const order = stepsOf(
        lengths,
        { difficulty: lengths, annealed: true },
        { seed, epoch: 0 },
        {
          functionsPerStep: 1,
        },
      ).flat();
      expect(order[0]).toBe(0);
      for (const [i, one] of order.entries()) {
        expect(one).toBeLessThan(i + 1 + Math.floor((i / n) * (n - i - 1)) + 1e-9);
      }
    }),
  );
});

test('annealed: the first quarter is easier than the last on the whole, and still drawn at random', () => {
  const lengths = Array.from({ length: 80 }, (_, i) => i + 1);
  const curriculum = { difficulty: lengths, annealed: true };
  const order = stepsOf(lengths, curriculum).flat();
  const mean = (part: readonly number[]) => part.reduce((sum, i) => sum + i, 0) / part.length;
  expect(mean(order.slice(0, 20))).toBeLessThan(mean(order.slice(60)) - 20);
  expect(order).not.toEqual(ascending(order));
  expect(stepsOf(lengths, curriculum, { seed: 2, epoch: 0 }).flat()).not.toEqual(order);
  expect(stepsOf(lengths, curriculum).flat()).toEqual(order);
});

test('the second epoch is that of a training without one', () => {
  const lengths = Array.from({ length: 40 }, (_, i) => 1 + ((7 * i) % 40));
  const second = { seed: 1, epoch: 1 };
  expect(stepsOf(lengths, { difficulty: lengths, annealed: true }, second)).toEqual(
    stepsOf(lengths, undefined, second),
  );
  expect(stepsOf(lengths, { difficulty: lengths, annealed: true })).not.toEqual(stepsOf(lengths, undefined));
});

describe('functions that begin alike', () => {
  const common = (group: number) => Array.from({ length: 20 }, (_, at) => (group * 31 + at * at) % 97);
  const functions = Array.from({ length: 24 }, (_, i) => [...common(i >> 1), 100 + i]);

  test('stay side by side, and come when the hardest of them is due', () => {
    const difficulty = functions.map((_, i) => (i % 2 === 0 ? 24 - i : 0));
    const plannable = { ...groupAtFullLength(functions), curriculum: { difficulty, annealed: false } };
    const order = planEpoch(plannable, { ...options, functionsPerStep: 2 }, first).map(({ sequences }) =>
      ascending(sequences.flatMap((sequence) => [...sequence.functions])),
    );
    expect(order).toEqual(Array.from({ length: 12 }, (_, i) => [22 - 2 * i, 23 - 2 * i]));
  });
});
