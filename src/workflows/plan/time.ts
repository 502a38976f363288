/** @file The time of a planned training, from what a block costs on this machine and how many tokens go through how many of them. */
import { planStages } from '../../network/stage-plan.ts';
import type { BlockSpeed, RunCost } from './measure-block.ts';
import type { PlannedNetwork } from './planned-network.ts';
import type { Workload } from './workload.ts';

export const TIME_PARTS = [
  'loading',
  'frozen layers',
  'order of the curriculum',
  'steps',
  'active sampling',
  'validation',
  'test',
] as const;
export type TimePart = (typeof TIME_PARTS)[number];

export interface TimeEstimate {
  readonly parts: Readonly<Record<TimePart, number>>;
  readonly totalMs: number;
}

const sum = (sequences: readonly number[], { fixedMs, perTokenMs }: RunCost, runs: number) =>
  runs * sequences.reduce((total, tokens) => total + fixedMs + tokens * perTokenMs, 0);

export function estimateTime(
  { plan, blocksPerStage }: Pick<PlannedNetwork, 'plan' | 'blocksPerStage'>,
  work: Workload,
  { forward, backward, last, encodeMs }: BlockSpeed,
): TimeEstimate {
  const { model, adapted, whole, config } = plan;
  const layers = model.spec.layers.length;
  const stages = planStages([...adapted, ...whole], layers, blocksPerStage);
  const frozen = stages.frozen.flat().length;
  // The last block with the head is one run, forward and backward, unless the head reads rows by itself; further blocks of its stage cost
  // what others do.
  const trained = layers - frozen - ('rows' in plan.task.objective ? 0 : 1);
  // Scoring goes forward alone through the last block; no more than its forward and backward pass together.
  const scoring = (sequences: readonly number[]) =>
    sum(sequences, forward, trained) + Math.min(sum(sequences, forward, 1), sum(sequences, last, 1));
  const step =
    sum(work.sequences, forward, trained) +
    sum(work.sequences, backward, trained) +
    sum(work.sequences, last, 1);
  const isKept = config.feature_cache;
  // Joined, what a frozen layer makes of a function depends on those before it: nothing is kept in training.
  const keepsInTraining = isKept && config.packing !== 'joined';
  // A curriculum by loss reads all functions, however few steps follow.
  const leastPasses = work.difficulty.length > 0 ? 1 : Math.min(1, work.epochs);
  const passes = keepsInTraining ? leastPasses : work.epochs;
  const evaluations = isKept ? 1 : work.validations;
  // What a curriculum by loss and active sampling score, an epoch's steps compute too; joined, it is kept for later scoring alone.
  const orderings = keepsInTraining ? 0 : 1;
  const leastChoices = keepsInTraining ? 0 : Math.min(1, work.choices);
  const choices = isKept ? leastChoices : work.choices;
  const parts = {
    loading: encodeMs * layers,
    'frozen layers':
      passes * sum(work.sequences, forward, frozen) +
      evaluations * sum(work.validation, forward, frozen) +
      orderings * sum(work.difficulty, forward, frozen) +
      choices * sum(work.choice, forward, frozen) +
      sum(work.test, forward, frozen),
    'order of the curriculum': scoring(work.difficulty),
    steps: work.epochs * step,
    'active sampling': work.choices * scoring(work.choice),
    validation: work.validations * scoring(work.validation),
    test: scoring(work.test),
  };
  return { parts, totalMs: TIME_PARTS.reduce((total, part) => total + parts[part], 0) };
}
