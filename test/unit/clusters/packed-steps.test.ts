import { describe, expect, test } from 'vitest';
import { packedSteps } from '../../../src/clusters/packed-steps.ts';
import { separateFunctions } from '../../../src/packing/units.ts';
import type { LossReduction } from '../../../src/training/trainer.ts';

const LENGTHS = [5, 9, 3, 7, 12, 4, 8, 6, 2, 10];
const WEIGHTS = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2];

const planned = (lossReduction: LossReduction, maxSteps?: number) =>
  packedSteps(separateFunctions(LENGTHS), WEIGHTS, {
    seed: 1,
    epochs: 2,
    maxSteps,
    lossReduction,
    packing: {
      packing: 'isolated',
      tokensPerBatch: 16,
      maxFunctionsPerSequence: undefined,
      functionsPerStep: 4,
      padTo: undefined,
    },
  });

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
});
