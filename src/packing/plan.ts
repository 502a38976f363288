/**
 * @file Which functions go through the network together, and which sequences add up to one optimiser step. A plan is a
 * function of the functions, the options, the seed and the epoch alone, so that a resumed run makes the same one again.
 */
import { invariant } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import { orderByDifficulty } from './curriculum.ts';
import { type Packing, requireTokens } from './layout.ts';
import { type PartitionOptions, partitionByLength, sequenceTokens } from './partition.ts';
import { type PlannableFunctions, separateFunctions, unitsOf } from './units.ts';

/** Everything said: training leaves nothing to defaults. */
export interface PackingOptions extends Omit<Required<PartitionOptions>, 'packing'> {
  readonly packing: Packing;
  /** Joined: the token between two functions of a sequence. Default: none. */
  readonly separator?: number | undefined;
  /** Functions of one optimiser step; undefined: every sequence is a step (the paper's dynamic batch). */
  readonly functionsPerStep: number | undefined;
}

/** Functions that go through the network at one time: indices into the dataset. */
export interface PlannedSequence {
  readonly functions: readonly number[];
}

export interface PlannedStep {
  readonly sequences: readonly PlannedSequence[];
  readonly functionCount: number;
}

/**
 * The steps of one epoch: every function once, in an order drawn from (seed, epoch) in which functions of one group
 * follow one another.
 *
 * With functionsPerStep the shuffled functions are cut into steps of that many (the last may have fewer), and only
 * within a step are functions of like length put together: what a step holds never depends on lengths, and gradients of
 * a step add up in any order. Without it sequences are filled in shuffled order, a sequence closing when the next
 * function does not fit: the paper's packing, where the number of functions of a step varies.
 *
 * A curriculum says which groups come first in the first epoch. A step ends early where it would cut a group that stays whole.
 *
 * Joined, a function sees those before it in its sequence, so these are random: groups are taken apart, or a fix would follow
 * its vulnerable function, and sequences of a step are filled in shuffled order too.
 * @throws VultuneError FUNCTION_WITHOUT_TOKENS.
 */
export function planEpoch(
  plannable: PlannableFunctions,
  options: PackingOptions,
  order: { readonly seed: number; readonly epoch: number },
): PlannedStep[] {
  check(plannable, options);
  const { functionsPerStep, packing } = options;
  const planned = packing === 'joined' ? separateFunctions(plannable.lengths) : plannable;
  const groups = orderGroups(planned.groups, plannable.curriculum, order);
  if (functionsPerStep === undefined) {
    return fillInOrder(groups, planned, options).map((functions) => plannedStep([functions]));
  }
  return cutIntoSteps(groups, planned, functionsPerStep).map((functions) =>
    planStep(functions, plannable, options),
  );
}

/** One step of these functions, none of them twice. */
export function planStep(
  functions: readonly number[],
  plannable: PlannableFunctions,
  options: PackingOptions,
): PlannedStep {
  const { packing } = options;
  const alone = () => functions.map((index) => [index]);
  return plannedStep(
    packing === 'joined'
      ? fillInOrder(alone(), plannable, options)
      : partitionByLength(functions, plannable, { ...options, packing }),
  );
}

/** Functions of each step: as many as asked for, fewer where a group that is to stay whole would be cut. */
function cutIntoSteps(
  groups: readonly (readonly number[])[],
  { whole, groupOf }: PlannableFunctions,
  most: number,
): number[][] {
  const steps: number[][] = [];
  let open: number[] = [];
  const close = () => {
    if (open.length > 0) steps.push(open);
    open = [];
  };
  for (const group of groups) {
    const isWhole = whole?.has(groupOf[group[0]!]!) === true;
    if (isWhole && open.length + group.length > most) close();
    for (const index of group) {
      if (open.length === most) close();
      open.push(index);
    }
  }
  close();
  return steps;
}

/**
 * Sequences for prediction: every function once, like lengths together, longest first (what does not fit into memory
 * fails at once, and the estimate of the time left errs on the safe side).
 * @throws VultuneError FUNCTION_WITHOUT_TOKENS.
 */
export function planInference(plannable: PlannableFunctions, options: PartitionOptions): PlannedSequence[] {
  check(plannable, options);
  const all = plannable.groups.flat();
  return partitionByLength(all, plannable, options).map((functions) => ({ functions }));
}

function orderGroups(
  groups: PlannableFunctions['groups'],
  curriculum: PlannableFunctions['curriculum'],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): readonly (readonly number[])[] {
  const random = randomStream(seed, 'order', epoch);
  const shuffled = random.shuffle(groups);
  return curriculum === undefined || epoch > 0 ? shuffled : orderByDifficulty(shuffled, curriculum, random);
}

function plannedStep(sequences: readonly (readonly number[])[]): PlannedStep {
  return {
    sequences: sequences.map((functions) => ({ functions })),
    functionCount: sequences.reduce((sum, functions) => sum + functions.length, 0),
  };
}

function fillInOrder(
  groups: readonly (readonly number[])[],
  plannable: PlannableFunctions,
  options: PackingOptions,
): number[][] {
  const most = options.maxFunctionsPerSequence ?? Number.POSITIVE_INFINITY;
  const sequences: number[][] = [];
  let open: number[] = [];
  let [tokens, longest] = [0, 0];
  const close = () => {
    if (open.length > 0) sequences.push(open);
    open = [];
    [tokens, longest] = [0, 0];
  };
  const fits = (rows: number, more: number, length: number) =>
    open.length + rows <= most &&
    sequenceTokens(open.length + rows, Math.max(longest, length), tokens + more, options) <=
      options.tokensPerBatch;
  for (const group of groups) {
    const [whole] = unitsOf(group, plannable);
    if (!fits(group.length, whole!.tokens, whole!.longest)) close();
    const fitsAlone = fits(group.length, whole!.tokens, whole!.longest);
    const units = fitsAlone ? [whole!] : group.flatMap((index) => unitsOf([index], plannable));
    for (const unit of units) {
      if (!fits(unit.functions.length, unit.tokens, unit.longest)) close();
      open.push(...unit.functions);
      tokens += unit.tokens;
      longest = Math.max(longest, unit.longest);
    }
  }
  close();
  return sequences;
}

function check({ lengths }: PlannableFunctions, options: Partial<Omit<PackingOptions, 'packing'>>): void {
  requireTokens(lengths);
  for (const name of ['tokensPerBatch', 'maxFunctionsPerSequence', 'functionsPerStep', 'padTo'] as const) {
    const value = options[name];
    invariant(
      value === undefined || (Number.isSafeInteger(value) && value > 0),
      `packing: ${name} is ${value}, not a positive integer`,
    );
  }
}
