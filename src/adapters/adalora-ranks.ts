/**
 * @file Which singular values AdaLoRA keeps (Zhang et al. 2023, section 3): the importance of each weight is |w g|, smoothed,
 * times its own uncertainty; a triplet's is its value's and the means of its two sides; the least important values are set to
 * zero, until a budget that falls as a cubic. And the penalty that holds both sides to be orthogonal. As PEFT's RankAllocator.
 */
import { VultuneError } from '../base/errors.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { LEFT, RIGHT, VALUES } from './adalora.ts';
import type { AdapterParameters } from './adapter-parameters.ts';

export interface AdaLoraSchedule {
  /** Mean rank of a matrix at the end of training. */
  readonly targetRank: number;
  /** Steps before ranks are taken away, and after the last one is. */
  readonly initialSteps: number;
  readonly finalSteps: number;
  /** Steps between two times that ranks are taken away. */
  readonly interval: number;
  /** Decay of the means of importance and of uncertainty. */
  readonly beta1: number;
  readonly beta2: number;
  /** Factor on the mean over both sides of all matrices of |P^T P - I|. */
  readonly orthogonalWeight: number;
}

type Floats = ReadonlyMap<string, Float32Array>;

/** What is carried from step to step, by the parameters' keys. */
export interface RankState {
  readonly importance: Floats;
  readonly uncertainty: Floats;
  /** 1 for a value that is kept, by the keys of the values. */
  readonly kept: Floats;
}

/** The three tensors of one matrix. */
interface Triplets {
  readonly right: string;
  readonly values: string;
  readonly left: string;
}

function tripletsOf(keys: Iterable<string>): Triplets[] {
  const end = `.${VALUES}`;
  return [...keys].flatMap((key) => {
    if (!key.endsWith(end)) return [];
    const module = key.slice(0, -VALUES.length);
    return [{ values: key, right: module + RIGHT, left: module + LEFT }];
  });
}

const keysOf = ({ right, values, left }: Triplets) => [right, values, left];

/** Undefined where no matrix has singular values. */
export function initialRankState(parameters: AdapterParameters): RankState | undefined {
  const triplets = tripletsOf(parameters.keys());
  if (triplets.length === 0) return undefined;
  const like = (key: string) => new Float32Array(parameters.get(key)!.data.length);
  const all = triplets.flatMap(keysOf);
  return {
    importance: new Map(all.map((key) => [key, like(key)])),
    uncertainty: new Map(all.map((key) => [key, like(key)])),
    kept: new Map(triplets.map(({ values }) => [values, like(values).fill(1)])),
  };
}

/** A schedule with the number of optimiser steps of its training. */
export interface TimedSchedule extends AdaLoraSchedule {
  readonly totalSteps: number;
}

/** @throws VultuneError CONFIG_RANK_SCHEDULE when no step is left in which ranks can be taken away */
export function requireBudgetPhase({ initialSteps, finalSteps, totalSteps }: TimedSchedule): void {
  if (initialSteps < totalSteps - finalSteps) return;
  throw new VultuneError(
    'CONFIG_RANK_SCHEDULE',
    `tinit is ${initialSteps} and tfinal is ${finalSteps}, which leaves none of ${totalSteps} optimiser steps to take ranks away`,
    { where: { name: 'tinit' }, hint: 'Lower tinit or tfinal, or train longer.' },
  );
}

/** How many values all matrices together may have at a step, from 0; undefined: none is taken away at this step. */
export function rankBudget(
  step: number,
  initial: number,
  target: number,
  { initialSteps, finalSteps, totalSteps, interval }: TimedSchedule,
): number | undefined {
  const last = totalSteps - finalSteps;
  if (step === last) return target;
  if (step <= initialSteps || step > last || step % interval !== 0) return undefined;
  const left = 1 - (step - initialSteps) / (last - initialSteps);
  return Math.trunc((initial - target) * left ** 3 + target);
}

/**
 * After an optimiser step, from 0, with the gradients it was made with: parameters' values and the state change in place.
 * The state is that of this run at this step.
 */
export function allocateRanks(
  parameters: AdapterParameters,
  gradients: Floats,
  state: RankState,
  step: number,
  schedule: TimedSchedule,
): void {
  const last = schedule.totalSteps - schedule.finalSteps;
  const triplets = tripletsOf(parameters.keys());
  if (step < last) updateImportance(parameters, gradients, state, schedule);
  const initial = triplets.reduce((sum, { values }) => sum + parameters.get(values)!.data.length, 0);
  const budget = rankBudget(step, initial, schedule.targetRank * triplets.length, schedule);
  if (budget !== undefined) chooseKept(parameters, triplets, state, initial - budget);
  if (budget !== undefined || step > last) {
    for (const [key, kept] of state.kept) {
      const { data } = parameters.get(key)!;
      for (let i = 0; i < data.length; i++) if (kept[i] === 0) data[i] = 0;
    }
  }
}

function updateImportance(
  parameters: AdapterParameters,
  gradients: Floats,
  { importance, uncertainty }: RankState,
  { beta1, beta2 }: AdaLoraSchedule,
): void {
  for (const [key, mean] of importance) {
    const { data } = parameters.get(key)!;
    const gradient = gradients.get(key)!;
    const spread = uncertainty.get(key)!;
    for (let i = 0; i < data.length; i++) {
      const now = Math.abs(Math.fround(data[i]! * gradient[i]!));
      mean[i] = beta1 * mean[i]! + (1 - beta1) * now;
      spread[i] = beta2 * spread[i]! + (1 - beta2) * Math.abs(now - mean[i]!);
    }
  }
}

/** Takes away the `count` least important, and what is as unimportant as the last of them. */
function chooseKept(
  parameters: AdapterParameters,
  triplets: readonly Triplets[],
  state: RankState,
  count: number,
): void {
  const scores = triplets.map((one) => tripletScores(one, parameters, state));
  const sorted = Float64Array.from(scores.flatMap((of) => [...of])).sort();
  const threshold = count > 0 ? sorted[count - 1]! : Number.NEGATIVE_INFINITY;
  for (const [i, { values }] of triplets.entries()) {
    const kept = state.kept.get(values)!;
    for (let k = 0; k < kept.length; k++) kept[k] = scores[i]![k]! > threshold ? 1 : 0;
  }
}

/** [r]: each value's importance, and the means over its row of the right side and its column of the left. */
function tripletScores(
  { right, values, left }: Triplets,
  parameters: AdapterParameters,
  { importance, uncertainty }: RankState,
): Float64Array {
  const score = (key: string, i: number) => importance.get(key)![i]! * uncertainty.get(key)![i]!;
  const [rank, width] = parameters.get(right)!.shape as [number, number];
  const [rows] = parameters.get(left)!.shape as [number];
  return Float64Array.from({ length: rank }, (_, k) => {
    let [ofRight, ofLeft] = [0, 0];
    for (let i = 0; i < width; i++) ofRight += score(right, k * width + i);
    for (let o = 0; o < rows; o++) ofLeft += score(left, o * rank + k);
    return score(values, k) + ofRight / width + ofLeft / rows;
  });
}

/**
 * Adds the gradient of weight * mean over sides of |S S^T - I| (Frobenius), S the rows of a right side or the columns of a
 * left one, [r, n]: (2 / |.|) (S S^T - I) S.
 */
export function addOrthogonalGradients(
  parameters: AdapterParameters,
  gradients: Floats,
  weight: number,
): void {
  const triplets = tripletsOf(parameters.keys());
  if (weight === 0 || triplets.length === 0) return;
  const factor = weight / (2 * triplets.length);
  for (const { right, left } of triplets) {
    addSide(parameters.get(right)!, gradients.get(right)!, 'rows', factor);
    addSide(parameters.get(left)!, gradients.get(left)!, 'columns', factor);
  }
}

function addSide(
  { shape, data }: HostTensor<'float32'>,
  gradient: Float32Array,
  vectors: 'rows' | 'columns',
  factor: number,
): void {
  const [rank, length] = vectors === 'rows' ? [shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
  const at = (k: number, i: number) => (vectors === 'rows' ? k * length + i : i * rank + k);
  const residual = new Float64Array(rank * rank);
  let squares = 0;
  for (let k = 0; k < rank; k++) {
    for (let l = 0; l < rank; l++) {
      let sum = k === l ? -1 : 0;
      for (let i = 0; i < length; i++) sum += data[at(k, i)]! * data[at(l, i)]!;
      residual[k * rank + l] = sum;
      squares += sum * sum;
    }
  }
  if (squares === 0) return;
  const slope = (2 * factor) / Math.sqrt(squares);
  for (let k = 0; k < rank; k++) {
    for (let l = 0; l < rank; l++) {
      const share = slope * residual[k * rank + l]!;
      for (let i = 0; i < length; i++) gradient[at(k, i)]! += share * data[at(l, i)]!;
    }
  }
}
