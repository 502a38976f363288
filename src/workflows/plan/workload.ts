/** @file What a planned training has to compute: sequences by their tokens, of the first epoch, each evaluation and each choice of active sampling. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { isCausal } from '../../model/matrices.ts';
import type { Example } from '../../objectives/objective.ts';
import { type PackedSequence, packSequence } from '../../packing/pack-sequence.ts';
import { planEpoch, planInference } from '../../packing/plan.ts';
import { hasGroups, separateFunctions } from '../../packing/units.ts';
import {
  type ActiveSampling,
  candidates,
  countChoices,
  placesUntilNext,
} from '../../training/active-sampling.ts';
import { plannableFunctions } from '../../training/plannable-functions.ts';
import { countSteps } from '../../training/trainer.ts';
import { evaluatesOnStart } from '../train/evaluates-on-start.ts';
import { evaluationFunctions } from '../train/examples.ts';
import type { Learnt, TrainingPlan } from '../train/setup.ts';

export interface Workload {
  readonly functions: number;
  /** Tokens of one epoch, before functions that begin alike share their beginnings. */
  readonly tokens: number;
  /** Optimiser steps of the run. */
  readonly steps: number;
  /** Tokens computed for each sequence of one epoch: common beginnings count once, padding counts. */
  readonly sequences: readonly number[];
  /** Sequences of all epochs, over those of one: fewer than the epochs where `max_steps` ends the run. */
  readonly epochs: number;
  /** The sequence that takes most memory, with its examples. */
  readonly largest: {
    readonly sequence: PackedSequence;
    readonly examples: readonly Example<Learnt>[];
  };
  /** Sequences of validation and of test, in tokens; how often validation is scored, before the first step too where that is asked for. */
  readonly validation: readonly number[];
  readonly validations: number;
  readonly test: readonly number[];
  /** Sequences that active sampling scores for its first choice, in tokens, and how often it chooses; none without it. */
  readonly choice: readonly number[];
  readonly choices: number;
  /** Sequences that a curriculum by loss scores before the first step, in tokens; none without it. */
  readonly difficulty: readonly number[];
}

export function workloadOf(
  plan: TrainingPlan,
  examples: readonly Example<Learnt>[],
  parts: ReadonlyMap<string, readonly LabelledRecord[]>,
): Workload {
  const { config, model, trainer } = plan;
  // By loss no order is known before the model has been asked: as many steps as in a random one, or nearly.
  const curriculum = trainer.curriculum === 'loss' ? undefined : trainer.curriculum;
  const plannable = plannableFunctions(examples, { curriculum });
  const { packing, padTo, separator } = trainer.packing;
  const sharePrefixes =
    trainer.sharePrefixes && packing === 'isolated' && isCausal(model.spec) && hasGroups(plannable);
  const epoch = planEpoch(plannable, trainer.packing, { seed: trainer.seed, epoch: 0 });
  const sequences: number[] = [];
  let largest: Workload['largest'] | undefined;
  let most = -1;
  for (const { functions } of epoch.flatMap((step) => step.sequences)) {
    const rows = functions.map((i) => examples[i]!);
    const sequence = packSequence(
      rows.map(({ ids }) => ids),
      { packing, padTo, separator, sharePrefixes },
    );
    const { tokenCount, rowCount, rowLength } = sequence.layout;
    sequences.push(tokenCount);
    // Tokens and, for attention, pairs of tokens of a row: both by what a token has of each.
    const weight = tokenCount * model.spec.hiddenSize + rowCount * rowLength ** 2;
    if (weight > most) {
      most = weight;
      largest = { sequence, examples: rows };
    }
  }
  const steps = countSteps(plannable, trainer);
  const epochs = epoch.length === 0 ? 0 : steps / epoch.length;
  const scored = (ids: readonly (readonly number[])[]) => {
    const batches = planInference(separateFunctions(ids.map(({ length }) => length)), {
      packing: 'isolated',
      tokensPerBatch: config.tokens_per_batch,
      maxFunctionsPerSequence: undefined,
      padTo: undefined,
    });
    return batches.map(({ functions }) => functions.reduce((sum, i) => sum + ids[i]!.length, 0));
  };
  const evaluated = (key: string) =>
    scored(evaluationFunctions(plan, parts.get(key) ?? []).map(({ ids }) => ids));
  const sampling = trainer.activeSampling;
  const choice =
    sampling === undefined ? [] : firstCandidates(examples, sampling, epoch.length, trainer.seed);
  const every = trainer.evaluateEvery;
  const afterSteps =
    every === undefined ? 0 : every === 'epoch' ? Math.ceil(epochs) : Math.ceil(steps / every);
  const beforeSteps = evaluatesOnStart(config) ? 1 : 0;
  return {
    functions: examples.length,
    tokens: examples.reduce((sum, { ids }) => sum + ids.length, 0),
    steps,
    sequences,
    epochs,
    largest: largest!,
    validation: evaluated('valid_file'),
    // Without any of them, validation is scored once at the end.
    validations: Math.max(1, beforeSteps + afterSteps),
    test: evaluated('test_file'),
    choice: scored(choice.map(({ ids }) => ids)),
    choices: sampling === undefined ? 0 : countChoices(steps, sampling),
    difficulty: trainer.curriculum === 'loss' ? scored(examples.map(({ ids }) => ids)) : [],
  };
}

/** The functions of the first choice: those of later ones are as many, and of the same lengths on average. */
function firstCandidates(
  examples: readonly Example<Learnt>[],
  sampling: ActiveSampling,
  stepsPerEpoch: number,
  seed: number,
): readonly Example<Learnt>[] {
  const unrelated = [...examples.keys()].filter((i) => examples[i]!.unrelated === true);
  const places = placesUntilNext(unrelated.length, stepsPerEpoch, sampling);
  return candidates(unrelated, places, { seed, step: sampling.every }).map((i) => examples[i]!);
}
