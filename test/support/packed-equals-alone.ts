/** @file Functions packed, or in padded rows, against one function at a time: a property over groupings. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Label } from '../../src/objectives/classification.ts';
import type { Objective } from '../../src/objectives/objective.ts';
import {
  alone,
  arbitraryFunctions,
  groupBy,
  type StepOptions,
  stepGroups,
  worstDifference,
} from './network-step.ts';
import type { TinyNetwork } from './tiny-model.ts';

/** Packed may differ from alone by this much of a tensor's largest entry: float32 sums in another order. */
export const TOLERANCE = 1e-5;

export interface PackedCase {
  readonly dropout: number;
  readonly numRuns: number;
  /** For a head that does not give two logits per function. */
  readonly objective?: Objective<Label>;
  readonly nextToken?: StepOptions['nextToken'];
  /** Default: TOLERANCE. */
  readonly tolerance?: number;
}

/** Any grouping, packed or in padded rows, against one function at a time in another network. */
export async function packedEqualsAlone(
  cut: TinyNetwork,
  reference: TinyNetwork,
  { dropout, numRuns, objective, nextToken, tolerance = TOLERANCE }: PackedCase,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      arbitraryFunctions(40),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 7 }),
      fc.constantFrom('isolated' as const, 'none' as const),
      fc.integer({ min: 0, max: 3 }),
      async (functions, groupOf, packing, extraPadding) => {
        const step = {
          dropout,
          ...(objective === undefined ? {} : { objective }),
          ...(nextToken === undefined ? {} : { nextToken }),
        };
        const expected = await stepGroups(reference, functions, alone(functions), step);
        const groups = groupBy(functions.length, groupOf);
        const found = await stepGroups(cut, functions, groups, { ...step, packing, extraPadding });
        const { name, error } = worstDifference(found, expected);
        expect(error, name).toBeLessThan(tolerance);
      },
    ),
    // Always the same draws: the bound is on rounding, which one draw in many could exceed.
    { numRuns, seed: 20 },
  );
}
