/**
 * @file The steps of a whole training as a plan folder has them: every step's passes with the factor that its reduction gives,
 * so that whoever runs them knows neither packing nor reductions. The same steps that the trainer takes.
 */
import { planEpoch } from '../packing/plan.ts';
import { findSharedPrefixes, type SharedPrefix } from '../packing/shared-prefixes.ts';
import type { PlannableFunctions } from '../packing/units.ts';
import { reductionFactor, type TrainerOptions } from '../training/trainer.ts';

/** Functions that go through the model together. */
export interface PackedPass {
  /** Indices into the functions of the plan. */
  readonly functions: readonly number[];
  /** What the sum of weight * loss over its functions is multiplied by to be its part of the step's loss. */
  readonly factor: number;
  /** Which of its functions begin alike; places are those in `functions`. Left out where none does. */
  readonly shared?: SharedBeginnings;
}

export interface SharedBeginnings {
  /** All functions, each behind the one that it begins like. */
  readonly order: readonly number[];
  readonly prefixes: readonly (SharedPrefix | null)[];
}

/** What is taken through the model in steps. */
export interface PackedFunctions {
  readonly plannable: PlannableFunctions;
  /** [functions] */
  readonly weights: readonly number[];
  /** [functions] losses of each: 1 of a classifier, its learnt tokens of a language model. */
  readonly terms: readonly number[];
  /** Token ids whose common beginnings are to be computed once; undefined: none is. */
  readonly shareable: readonly (readonly number[])[] | undefined;
}

export interface PackedStep {
  readonly epoch: number;
  /** Sum of the weights of all its functions: known before the step, so that ranks need not ask each other. */
  readonly weight: number;
  readonly passes: readonly PackedPass[];
}

export interface PackedSteps {
  readonly steps: readonly PackedStep[];
  /** Counts whole epochs, though max_steps may end within one. */
  readonly stepsPerEpoch: readonly number[];
}

export function packedSteps(
  { plannable, weights, terms, shareable }: PackedFunctions,
  options: Pick<TrainerOptions, 'seed' | 'epochs' | 'maxSteps' | 'packing' | 'lossReduction'>,
): PackedSteps {
  const steps: PackedStep[] = [];
  const stepsPerEpoch: number[] = [];
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const planned = planEpoch(plannable, options.packing, { seed: options.seed, epoch });
    stepsPerEpoch.push(planned.length);
    for (const step of planned) {
      steps.push({
        epoch,
        weight: step.sequences.flatMap(({ functions }) => functions).reduce((sum, i) => sum + weights[i]!, 0),
        passes: step.sequences.map(({ functions }) => {
          const losses = functions.reduce((sum, i) => sum + terms[i]!, 0);
          return {
            functions,
            factor: reductionFactor(options.lossReduction, losses, step),
            ...(shareable === undefined ? {} : sharedBeginnings(functions.map((i) => shareable[i]!))),
          };
        }),
      });
    }
  }
  return { steps: steps.slice(0, options.maxSteps ?? steps.length), stepsPerEpoch };
}

function sharedBeginnings(ids: readonly (readonly number[])[]): Pick<PackedPass, 'shared'> {
  const { order, prefixes } = findSharedPrefixes(ids);
  if (prefixes.every((one) => one === undefined)) return {};
  return { shared: { order, prefixes: prefixes.map((one) => one ?? null) } };
}
