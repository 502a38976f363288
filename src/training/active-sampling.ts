/**
 * @file Active sampling: which unrelated functions (P3) are hard for the model as it is, and how they take the places of a step's own.
 * Hard negative mining as of Felzenszwalb et al. 2010, with a bound on how many are scored. Runs no model.
 */
import { VultuneError } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';

export interface ActiveSampling {
  /** Optimiser steps from one choice to the next; before the first one, steps have their own functions. */
  readonly every: number;
}

/**
 * A training that ends before the first choice would be called one with active sampling, and be one without.
 * @throws VultuneError CONFIG_ACTIVE_SAMPLING
 */
export function requireChoice(asked: ActiveSampling | undefined, totalSteps: number): void {
  if (asked === undefined || asked.every < totalSteps) return;
  throw new VultuneError(
    'CONFIG_ACTIVE_SAMPLING',
    `active_sampling is ${asked.every}, but the training has ${totalSteps} optimiser steps: no function would ever be chosen`,
    { where: { name: 'active_sampling' }, hint: 'Lower active_sampling, train longer, or leave it out.' },
  );
}

/** Choices of a whole training: before every `every`-th step, the first one left out. */
export const countChoices = (totalSteps: number, { every }: ActiveSampling): number =>
  Math.max(0, Math.ceil(totalSteps / every) - 1);

/** Where in a training a choice is made. */
interface ChoiceAt {
  readonly seed: number;
  readonly step: number;
}

/** Functions scored per function chosen: a choice then costs a few forward passes of the steps that it is for. */
const SCORED_FOR_ONE = 4;

/** Functions in a choice: the unrelated ones that the steps until the next choice have on average, at most all of them. */
export const placesUntilNext = (unrelated: number, stepsPerEpoch: number, { every }: ActiveSampling) =>
  Math.min(unrelated, Math.ceil((every * unrelated) / stepsPerEpoch));

/** The functions that are scored, drawn from all unrelated ones. */
export function candidates(unrelated: readonly number[], places: number, at: ChoiceAt): readonly number[] {
  return randomStream(at.seed, 'active sampling', at.step)
    .shuffle(unrelated)
    .slice(0, SCORED_FOR_ONE * places);
}

/**
 * The scored functions with the highest scores, in random order; a tie goes to the first in the data.
 * @param scores [scored] P(vulnerable)
 * @returns [places] indices of functions
 */
export function hardest(
  scored: readonly number[],
  scores: Float64Array,
  places: number,
  at: ChoiceAt,
): Float64Array {
  const scoreOf = new Map(scored.map((index, i) => [index, scores[i]!]));
  const chosen = scored.toSorted((a, b) => scoreOf.get(b)! - scoreOf.get(a)! || a - b).slice(0, places);
  return Float64Array.from(randomStream(at.seed, 'order of active sampling', at.step).shuffle(chosen));
}

export interface Exchanged {
  readonly functions: readonly number[];
  /** What of the choice is left for the next steps; undefined: nothing. */
  readonly left: Float64Array | undefined;
}

/**
 * A step's functions with its unrelated ones exchanged for the next of the choice: as many of each class as before. Undefined where
 * fewer are left than the step has: one of its own could then stand in it twice.
 */
export function exchange(
  functions: readonly number[],
  isUnrelated: (index: number) => boolean,
  choice: Float64Array | undefined,
): Exchanged | undefined {
  const places = functions.filter(isUnrelated).length;
  if (choice === undefined || places > choice.length) return undefined;
  let next = 0;
  return {
    functions: functions.map((index) => (isUnrelated(index) ? choice[next++]! : index)),
    left: places === choice.length ? undefined : choice.slice(places),
  };
}
