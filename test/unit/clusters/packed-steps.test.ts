import { describe, expect, test } from 'vitest';
import { type PackedFunctions, packedSteps } from '../../../src/clusters/packed-steps.ts';
import { groupAtFullLength, separateFunctions } from '../../../src/packing/units.ts';
import type { LossReduction } from '../../../src/training/trainer.ts';

const LENGTHS = [5, 9, 3, 7, 12, 4, 8, 6, 2, 10];
/** As long as is worth sharing. */
const ALIKE = Array.from({ length: 20 }, (_, i) => 100 + i);
const WEIGHTS = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2];

const FUNCTIONS: PackedFunctions = {
  plannable: separateFunctions(LENGTHS),
  weights: WEIGHTS,
  terms: LENGTHS.map(() => 1),
  shareable: undefined,
};

const options = ({
  lossReduction,
  maxSteps,
  tokensPerBatch = 16,
}: {
  lossReduction: LossReduction;
  maxSteps?: number | undefined;
  tokensPerBatch?: number;
}) => ({
  seed: 1,
  epochs: 2,
  maxSteps,
  lossReduction,
  packing: {
    packing: 'isolated' as const,
    tokensPerBatch,
    maxFunctionsPerSequence: undefined,
    functionsPerStep: 4,
    padTo: undefined,
  },
});

const planned = (lossReduction: LossReduction, maxSteps?: number) =>
  packedSteps(FUNCTIONS, options({ lossReduction, maxSteps }));

describe('the steps of a plan', () => {
  test('every function once an epoch, in steps of functions_per_step, passes within tokens_per_batch', () => {
    const { steps, stepsPerEpoch } = planned('function');
    expect(stepsPerEpoch).toEqual([3, 3]);
    for (const epoch of [0, 1]) {
      const functions = steps
        .filter((step) => step.epoch === epoch)
        .flatMap(({ passes }) => passes.flatMap((pass) => pass.functions));
      expect(functions.toSorted((a, b) => a - b)).toEqual([...LENGTHS.keys()]);
    }
    for (const { passes } of steps) {
      for (const { functions } of passes) {
        expect(functions.reduce((sum, i) => sum + LENGTHS[i]!, 0)).toBeLessThanOrEqual(16);
      }
    }
  });

  test('max_steps cuts them, while an epoch keeps its length', () => {
    const { steps, stepsPerEpoch } = planned('function', 4);
    expect(steps).toHaveLength(4);
    expect(stepsPerEpoch).toEqual([3, 3]);
  });

  test("the weight of a step is that of its functions, and its passes' factors make the reduction", () => {
    const [step] = planned('function').steps;
    const functions = step!.passes.flatMap((pass) => pass.functions);
    expect(step!.weight).toBe(functions.reduce((sum, i) => sum + WEIGHTS[i]!, 0));
    expect(step!.passes.map(({ factor }) => factor)).toEqual(step!.passes.map(() => 1 / 4));
    expect(planned('sum').steps[0]!.passes.every(({ factor }) => factor === 1)).toBe(true);
    const ofMean = planned('mean').steps[0]!.passes;
    for (const { functions: some, factor } of ofMean) expect(factor).toBe(1 / (some.length * ofMean.length));
  });

  test('the mean over a sequence is over the losses of its functions, be they tokens', () => {
    const terms = LENGTHS.map((length) => length - 1);
    const { steps } = packedSteps({ ...FUNCTIONS, terms }, options({ lossReduction: 'mean' }));
    const { passes } = steps[0]!;
    for (const { functions, factor } of passes) {
      const losses = functions.reduce((sum, i) => sum + terms[i]!, 0);
      expect(factor).toBe(1 / (losses * passes.length));
    }
  });

  test('a pass says which of its functions begin alike, by their places in it; one without any says nothing', () => {
    const ids = LENGTHS.map((_, i) => (i < 2 ? [...ALIKE, i, i] : [i, i, i]));
    const { steps } = packedSteps(
      { ...FUNCTIONS, plannable: groupAtFullLength(ids), shareable: ids },
      options({ lossReduction: 'function', tokensPerBatch: 100 }),
    );
    const passes = steps.flatMap((step) => step.passes);
    const sharing = passes.filter(({ shared }) => shared !== undefined);
    expect(sharing).toHaveLength(2);
    for (const { functions, shared } of sharing) {
      const [first, second] = [functions.indexOf(0), functions.indexOf(1)];
      expect(shared!.prefixes[second]).toEqual({ of: first, length: ALIKE.length });
      expect(shared!.order.indexOf(first)).toBeLessThan(shared!.order.indexOf(second));
      expect(shared!.prefixes.filter((one) => one !== null)).toHaveLength(1);
    }
  });
});
