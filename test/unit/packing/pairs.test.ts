import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PackingOptions, planEpoch } from '../../../src/packing/plan.ts';
import { groupAtFullLength, keepPairsWhole } from '../../../src/packing/units.ts';

const LONGEST = 20;

/** Functions some of which begin alike, and pairs that pay no heed to it. */
const someFunctions = fc
  .array(fc.record({ kind: fc.integer({ min: 0, max: 5 }), length: fc.integer({ min: 1, max: LONGEST }) }), {
    minLength: 2,
    maxLength: 60,
  })
  .chain((functions) =>
    fc.record({
      ids: fc.constant(
        functions.map(({ kind, length }, i) => [
          ...Array.from({ length: length - 1 }, (_, at) => kind * 100 + at),
          10_000 + i,
        ]),
      ),
      order: fc.shuffledSubarray([...functions.keys()]),
    }),
  )
  .map(({ ids, order }) => ({
    ids,
    pairs: Array.from({ length: order.length >> 1 }, (_, i) => [order[2 * i]!, order[2 * i + 1]!]),
  }));

const someOptions: fc.Arbitrary<PackingOptions> = fc.record({
  packing: fc.constantFrom('isolated' as const, 'none' as const),
  tokensPerBatch: fc.integer({ min: 2 * LONGEST, max: 100 }),
  maxFunctionsPerSequence: fc.option(fc.integer({ min: 2, max: 6 }), { nil: undefined }),
  functionsPerStep: fc.option(fc.integer({ min: 2, max: 9 }), { nil: undefined }),
  padTo: fc.option(fc.constant(LONGEST), { nil: undefined }),
});

test('both functions of a pair are in one sequence of one step, and every function is in one', () => {
  fc.assert(
    fc.property(
      someFunctions,
      someOptions,
      fc.integer({ min: 0, max: 99 }),
      ({ ids, pairs }, options, seed) => {
        const plannable = keepPairsWhole(groupAtFullLength(ids), pairs);
        const steps = planEpoch(plannable, options, { seed, epoch: 0 });
        const sequences = steps.flatMap((step) => step.sequences);
        for (const pair of pairs) {
          const holding = sequences.filter(({ functions }) => pair.some((one) => functions.includes(one)));
          expect(holding).toHaveLength(1);
        }
        const all = sequences.flatMap(({ functions }) => [...functions]);
        expect(all.toSorted((a, b) => a - b)).toEqual([...ids.keys()]);
        for (const { functionCount } of steps) {
          expect(functionCount).toBeLessThanOrEqual(options.functionsPerStep ?? ids.length);
        }
      },
    ),
  );
});

test('a step ends one function early rather than cut a pair; the last step alone may be shorter', () => {
  const ids = Array.from({ length: 21 }, (_, i) => [i]);
  const pairs = Array.from({ length: 9 }, (_, i) => [2 * i, 2 * i + 1]);
  const options: PackingOptions = {
    packing: 'isolated',
    tokensPerBatch: 100,
    maxFunctionsPerSequence: undefined,
    functionsPerStep: 5,
    padTo: undefined,
  };
  const steps = planEpoch(keepPairsWhole(groupAtFullLength(ids), pairs), options, { seed: 1, epoch: 0 });
  const counts = steps.map(({ functionCount }) => functionCount);
  for (const count of counts.slice(0, -1)) expect([4, 5]).toContain(count);
  expect(counts).toContain(4);
});
