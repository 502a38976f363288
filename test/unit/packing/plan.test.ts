import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PackingOptions, planEpoch, planInference } from '../../../src/packing/plan.ts';
import { packingStatistics } from '../../../src/packing/statistics.ts';
import { groupAtFullLength, separateFunctions } from '../../../src/packing/units.ts';

type SeparateRows = PackingOptions & { readonly packing: 'isolated' | 'none' };

const options: SeparateRows = {
  packing: 'isolated',
  tokensPerBatch: 100,
  maxFunctionsPerSequence: undefined,
  functionsPerStep: 8,
  padTo: undefined,
};
const first = { seed: 1, epoch: 0 };

const someLengths = fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 60 });
const maybe = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });
const someOptions: fc.Arbitrary<SeparateRows> = fc.record({
  packing: fc.constantFrom('isolated' as const, 'none' as const),
  tokensPerBatch: fc.integer({ min: 1, max: 300 }),
  maxFunctionsPerSequence: maybe(10),
  functionsPerStep: maybe(20),
  padTo: fc.option(fc.integer({ min: 150, max: 200 }), { nil: undefined }),
});

const ascending = (items: readonly number[]) => items.toSorted((a, b) => a - b);
const functionsOf = (sequences: readonly { functions: readonly number[] }[]) =>
  sequences.flatMap((sequence) => [...sequence.functions]);

function sizeOf(
  functions: readonly number[],
  lengths: readonly number[],
  { packing, padTo }: PackingOptions,
) {
  const own = functions.map((index) => lengths[index]!);
  return packing === 'isolated'
    ? own.reduce((sum, length) => sum + length, 0)
    : own.length * (padTo ?? Math.max(...own));
}

describe('every plan', () => {
  test('holds every function exactly once', () => {
    fc.assert(
      fc.property(someLengths, someOptions, (lengths, chosen) => {
        const all = [...lengths.keys()];
        const epoch = planEpoch(separateFunctions(lengths), chosen, first);
        expect(ascending(functionsOf(epoch.flatMap((step) => step.sequences)))).toEqual(all);
        expect(ascending(functionsOf(planInference(separateFunctions(lengths), chosen)))).toEqual(all);
      }),
    );
  });

  test('respects tokens and functions of a sequence, and functions of a step', () => {
    fc.assert(
      fc.property(someLengths, someOptions, (lengths, chosen) => {
        const epoch = planEpoch(separateFunctions(lengths), chosen, first);
        for (const { functions } of [
          ...epoch.flatMap((step) => step.sequences),
          ...planInference(separateFunctions(lengths), chosen),
        ]) {
          expect(functions.length).toBeLessThanOrEqual(chosen.maxFunctionsPerSequence ?? functions.length);
          if (functions.length > 1) {
            expect(sizeOf(functions, lengths, chosen)).toBeLessThanOrEqual(chosen.tokensPerBatch);
          }
        }
        epoch.forEach((step, i) => {
          const count = functionsOf(step.sequences).length;
          expect(step.functionCount).toBe(count);
          const { functionsPerStep } = chosen;
          if (functionsPerStep === undefined) expect(step.sequences).toHaveLength(1);
          else if (i < epoch.length - 1) expect(count).toBe(functionsPerStep);
          else expect(count).toBeLessThanOrEqual(functionsPerStep);
        });
      }),
    );
  });

  test('is the same again for a seed and an epoch', () => {
    fc.assert(
      fc.property(someLengths, someOptions, fc.nat(), fc.nat(20), (lengths, chosen, seed, epoch) => {
        expect(planEpoch(separateFunctions(lengths), chosen, { seed, epoch })).toEqual(
          planEpoch(separateFunctions(lengths), chosen, { seed, epoch }),
        );
      }),
    );
  });

  test('of nothing is nothing', () => {
    expect(planEpoch(separateFunctions([]), options, first)).toEqual([]);
    expect(planInference(separateFunctions([]), options)).toEqual([]);
  });
});

describe('the order', () => {
  const lengths = Array.from({ length: 40 }, (_, i) => 5 + ((i * 7) % 30));

  test('differs by epoch and by seed', () => {
    const plan = planEpoch(separateFunctions(lengths), options, first);
    expect(planEpoch(separateFunctions(lengths), options, { seed: 1, epoch: 1 })).not.toEqual(plan);
    expect(planEpoch(separateFunctions(lengths), options, { seed: 2, epoch: 0 })).not.toEqual(plan);
  });

  test('which functions make a step does not depend on their lengths, nor on how sequences are cut', () => {
    const stepsOf = (of: readonly number[], chosen: PackingOptions) =>
      planEpoch(separateFunctions(of), chosen, first).map((step) => ascending(functionsOf(step.sequences)));
    const plan = stepsOf(lengths, options);
    expect(stepsOf(lengths.toReversed(), options)).toEqual(plan);
    expect(stepsOf(lengths, { ...options, tokensPerBatch: 20, packing: 'none' })).toEqual(plan);
  });

  test('without functions per step: sequences are filled in shuffled order, none closes early', () => {
    const chosen = { ...options, functionsPerStep: undefined, maxFunctionsPerSequence: 6 };
    const sequences = planEpoch(separateFunctions(lengths), chosen, first).map(
      (step) => step.sequences[0]!.functions,
    );
    const shuffled = planEpoch(separateFunctions(lengths), { ...chosen, functionsPerStep: 1 }, first);
    expect(sequences.flat()).toEqual(shuffled.map((step) => step.sequences[0]!.functions[0]));
    sequences.slice(0, -1).forEach((functions, i) => {
      const withNext = [...functions, sequences[i + 1]![0]!];
      expect(functions.length === 6 || sizeOf(withNext, lengths, chosen) > chosen.tokensPerBatch).toBe(true);
    });
  });
});

describe('joined', () => {
  const lengths = Array.from({ length: 40 }, (_, i) => 5 + ((i * 7) % 30));
  const joined: PackingOptions = { ...options, packing: 'joined', separator: 9 };
  const inOrder = (chosen: PackingOptions) =>
    planEpoch(separateFunctions(lengths), chosen, first).map(({ sequences }) =>
      sequences.map(({ functions }) => functions),
    );
  const shuffled = inOrder({ ...joined, functionsPerStep: 1 }).flat(2);

  test.each([undefined, 8])(
    'sequences are filled in shuffled order, separators counted (%s functions a step)',
    (functionsPerStep) => {
      const steps = inOrder({ ...joined, functionsPerStep });
      expect(steps.flat(2)).toEqual(shuffled);
      const size = (functions: readonly number[]) =>
        functions.reduce((sum, index) => sum + lengths[index]!, 0) + functions.length - 1;
      for (const sequences of functionsPerStep === undefined ? [steps.flat()] : steps) {
        for (const [i, functions] of sequences.entries()) {
          expect(size(functions)).toBeLessThanOrEqual(100);
          const next = sequences[i + 1]?.[0];
          if (next !== undefined) expect(size([...functions, next])).toBeGreaterThan(100);
        }
      }
    },
  );

  test('a separator is a token of its own, of which the last function needs none', () => {
    const sequencesOf = (tokensPerBatch: number, separator: number | undefined) =>
      planEpoch(
        separateFunctions([4, 4]),
        { ...joined, tokensPerBatch, separator, functionsPerStep: undefined },
        first,
      ).length;
    expect([sequencesOf(9, 1), sequencesOf(8, 1)]).toEqual([1, 2]);
    expect([sequencesOf(8, undefined), sequencesOf(7, undefined)]).toEqual([1, 2]);
  });

  test('functions that begin alike are apart: a fix does not follow its vulnerable function', () => {
    const functions = Array.from({ length: 40 }, (_, i) => [
      ...Array.from({ length: 20 }, (_token, at) => (i >> 1) + at),
      i,
    ]);
    const neighbours = (packing: PackingOptions['packing']) => {
      const plan = planEpoch(
        groupAtFullLength(functions),
        { ...joined, packing, functionsPerStep: undefined },
        first,
      );
      const order = functionsOf(plan.flatMap(({ sequences }) => sequences));
      return order.filter((index, i) => order[i + 1]! >> 1 === index >> 1).length;
    };
    expect(neighbours('isolated')).toBe(20);
    expect(neighbours('joined')).toBeLessThan(5);
  });

  test.each([1, 3])('at most %d functions a sequence', (maxFunctionsPerSequence) => {
    const sequences = inOrder({ ...joined, functionsPerStep: undefined, maxFunctionsPerSequence }).flat();
    expect(Math.max(...sequences.map(({ length }) => length))).toBe(maxFunctionsPerSequence);
  });
});

describe('like lengths together', () => {
  const large = { ...options, functionsPerStep: undefined, tokensPerBatch: 4096 };
  const grouped = (lengths: readonly number[], chosen: SeparateRows = large) =>
    planInference(separateFunctions(lengths), chosen).map(({ functions }) =>
      functions.map((index) => lengths[index]),
    );

  test('short functions are not padded to a long one, where that costs more than a sequence', () => {
    const short = Array.from({ length: 20 }, () => 30);
    expect(grouped([500, ...short])).toEqual([[500], short]);
  });

  test('but a few like ones share a sequence', () => {
    expect(grouped([100, 30, 90])).toEqual([[100, 90, 30]]);
  });

  test('without packing padded tokens cost more than attention does', () => {
    expect(grouped([200, 30, 30], { ...large, packing: 'none' })).toEqual([[200], [30, 30]]);
    expect(grouped([200, 30, 30])).toEqual([[200, 30, 30]]);
  });

  test('the longest come first, and one that is longer than a batch is alone', () => {
    expect(grouped([10, 150, 20, 120], options)).toEqual([[150], [120], [20, 10]]);
  });

  test('a step of mixed lengths has far less padding than its functions in shuffled order', () => {
    const lengths = Array.from({ length: 256 }, (_, i) => 1 + ((i * 101) % 512));
    const padding = (functionsPerStep: number | undefined) => {
      const chosen = { ...large, tokensPerBatch: 2048, functionsPerStep };
      return packingStatistics(planEpoch(separateFunctions(lengths), chosen, first), lengths, chosen)
        .paddedSlotsPercent;
    };
    expect(padding(64)).toBeLessThan(0.5 * padding(undefined));
  });

  test('by default functions are isolated and their number is free', () => {
    expect(planInference(separateFunctions([5, 9, 7]), { tokensPerBatch: 100 })).toEqual([
      { functions: [1, 2, 0] },
    ]);
  });

  test('a hundred thousand functions are planned at once', () => {
    const lengths = Array.from({ length: 100_000 }, (_, i) => 1 + ((i * 37) % 512));
    const plan = planInference(separateFunctions(lengths), { ...large, tokensPerBatch: 2048 });
    const statistics = packingStatistics(plan, lengths, large);
    expect(statistics.functions).toBe(100_000);
    expect(statistics.paddedSlotsPercent).toBeLessThan(2);
  });
});

describe('statistics', () => {
  const plan = [{ functions: [0, 1] }, { functions: [2] }];

  test('count slots by hand', () => {
    expect(packingStatistics(plan, [10, 5, 4], options)).toEqual({
      functions: 3,
      sequences: 2,
      realTokens: 19,
      slots: 24,
      paddedSlotsPercent: 100 * (1 - 19 / 24),
      functionsPerSequence: 1.5,
    });
    const padded = packingStatistics(plan, [10, 5, 4], { packing: 'none', padTo: 16 });
    expect([padded.slots, padded.realTokens]).toEqual([48, 19]);
    const joined = packingStatistics(plan, [10, 5, 4], { packing: 'joined' });
    expect([joined.slots, joined.paddedSlotsPercent]).toEqual([19, 0]);
  });

  test('of an empty plan are zeros', () => {
    expect(Object.values(packingStatistics([], [], options))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('refused', () => {
  test('a function without tokens, by its number', () => {
    const refusal = expect.objectContaining({
      code: 'FUNCTION_WITHOUT_TOKENS',
      where: { name: 'function 2' },
    });
    expect(() => planEpoch(separateFunctions([3, 4, 0]), options, first)).toThrow(refusal);
    expect(() => planInference(separateFunctions([3, 4, 0]), options)).toThrow(refusal);
  });

  test('options that are no positive integers', () => {
    expect(() => planEpoch(separateFunctions([1]), { ...options, tokensPerBatch: 0 }, first)).toThrow(
      'tokensPerBatch is 0',
    );
    expect(() => planEpoch(separateFunctions([1]), { ...options, functionsPerStep: 1.5 }, first)).toThrow(
      'functionsPerStep is 1.5',
    );
  });
});
