import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { planEpoch, planInference } from '../../../src/packing/plan.ts';
import { commonPrefixLength, findSharedPrefixes } from '../../../src/packing/shared-prefixes.ts';
import {
  groupAtFullLength,
  groupByPrefix,
  hasGroups,
  separateFunctions,
  unitsOf,
} from '../../../src/packing/units.ts';

/** Lists over few ids out of few beginnings, so that many begin alike. */
const alikeFunctions = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }))
    .map(([length, end]) => [...Array.from({ length }, (_, i) => i % 7), 9, ...end]),
  { minLength: 1, maxLength: 9 },
);

const options = {
  packing: 'isolated',
  tokensPerBatch: 120,
  maxFunctionsPerSequence: 5,
  functionsPerStep: 4,
  padTo: undefined,
} as const;

describe('what functions begin with in common', () => {
  test('is with the function named, and every function comes after that one', () => {
    fc.assert(
      fc.property(alikeFunctions, (functions) => {
        const { order, prefixes } = findSharedPrefixes(functions);
        expect(order.toSorted((a, b) => a - b)).toEqual([...functions.keys()]);
        for (const [index, prefix] of prefixes.entries()) {
          if (prefix === undefined) continue;
          expect(commonPrefixLength(functions[index]!, functions[prefix.of]!)).toBe(prefix.length);
          expect(order.indexOf(prefix.of)).toBeLessThan(order.indexOf(index));
        }
      }),
    );
  });

  test('is laid out once: every function reads its own ids, by keys and by flat tokens', () => {
    fc.assert(
      fc.property(alikeFunctions, (functions) => {
        const { ids, layout } = packSequence(functions, { packing: 'isolated', sharePrefixes: true });
        const { index, copies, inverse } = layout.keys!;
        functions.forEach((expected, b) => {
          expect(Array.from(layout.flatTokens[b]!, (token) => ids[token])).toEqual(expected);
          const slots = expected.map((_, s) => b * layout.rowLength + s);
          expect(slots.map((slot) => ids[Number(index[slot])])).toEqual(expected);
          // Each slot is one of its token's.
          for (const slot of slots) {
            const token = Number(index[slot]);
            expect(inverse.subarray(token * copies, (token + 1) * copies)).toContain(BigInt(slot));
          }
        });
        // Each flat token stands in one row, at its position.
        for (const [token, slot] of layout.rows.inverse.entries()) {
          expect(BigInt(Number(slot) % layout.rowLength)).toBe(layout.positions[token]);
        }
        const none = BigInt(layout.rowCount * layout.rowLength);
        expect(inverse.filter((slot) => slot !== none).length).toBe(layout.realTokenCount);
        const owned = layout.rows.slotIsReal.reduce((sum, real) => sum + real, 0);
        expect(owned).toBe(layout.tokenCount);
      }),
    );
  });

  test('saves what it should', () => {
    const beginning = Array.from({ length: 40 }, (_, i) => i);
    const { layout } = packSequence([[...beginning, 1], [...beginning, 2, 3], [7]], {
      packing: 'isolated',
      sharePrefixes: true,
    });
    expect(layout).toMatchObject({ tokenCount: 44, realTokenCount: 84 });
  });
});

describe('planning', () => {
  test('each function once; a unit counts the tokens that its layout has', () => {
    fc.assert(
      fc.property(alikeFunctions, fc.boolean(), (functions, bySteps) => {
        const plannable = groupByPrefix(functions);
        const chosen = { ...options, functionsPerStep: bySteps ? 4 : undefined };
        const steps = planEpoch(plannable, chosen, { seed: 1, epoch: 0 });
        const sequences = [...steps.flatMap((step) => step.sequences), ...planInference(plannable, options)];
        const planned = sequences.flatMap((sequence) => sequence.functions);
        const twice = [...functions.keys(), ...functions.keys()];
        expect(planned.toSorted((a, b) => a - b)).toEqual(twice.sort((a, b) => a - b));
        for (const sequence of sequences) {
          const members = sequence.functions.map((index) => functions[index]!);
          const { layout } = packSequence(members, { packing: 'isolated', sharePrefixes: true });
          expect(layout.tokenCount === 0 || members.length === 1 || layout.tokenCount <= 120).toBe(true);
          expect(members.length).toBeLessThanOrEqual(5);
        }
        if (bySteps) for (const step of steps.slice(0, -1)) expect(step.functionCount).toBe(4);
      }),
    );
  });

  test('a function and its fix stay side by side, whatever the seed; without any there are no groups', () => {
    const beginning = Array.from({ length: 40 }, (_, i) => i);
    const functions = Array.from({ length: 8 }, (_, i) => [100 + (i >> 1), ...beginning, i]);
    const plannable = groupByPrefix(functions);
    expect(plannable.groups).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    for (let seed = 0; seed < 5; seed++) {
      for (const { sequences } of planEpoch(plannable, options, { seed, epoch: 0 })) {
        for (const { functions: together } of sequences) {
          for (const index of together) expect(together).toContain(index ^ 1);
        }
      }
    }
    expect(hasGroups(plannable)).toBe(true);
    expect(hasGroups(groupByPrefix([[1, 2, 3], [...beginning], [4]]))).toBe(false);
  });

  test('a member that is left out takes nothing from what the others share', () => {
    const beginning = Array.from({ length: 40 }, (_, i) => i);
    const functions = [
      [...beginning, 50, 51, 52],
      [...beginning, 50, 51, 60],
      [...beginning, 50, 70, 71],
    ];
    const plannable = groupByPrefix(functions);
    expect(unitsOf([0, 1, 2], plannable)).toEqual([{ functions: [0, 1, 2], tokens: 46, longest: 43 }]);
    expect(unitsOf([0, 2], plannable)).toEqual([{ functions: [0, 2], tokens: 45, longest: 43 }]);
  });
});

test('functions that share nothing are planned in the order of the data, like single ones', () => {
  const functions = [[9, 1], [3], [9, 2, 4], [1, 1, 1]];
  expect(groupAtFullLength(functions)).toEqual(separateFunctions(functions.map(({ length }) => length)));
});

test('at full length every token of a group counts', () => {
  const beginning = Array.from({ length: 20 }, (_, i) => i);
  const functions = [[...beginning, 30], [50], [...beginning, 31, 32]];
  const plannable = groupAtFullLength(functions);
  expect(plannable.groups).toEqual([[0, 2], [1]]);
  expect(unitsOf([0, 2], plannable)).toEqual([{ functions: [0, 2], tokens: 43, longest: 22 }]);
});
