/**
 * @file The training loop: epochs of planned steps, evaluation, the best so far, early stopping, checkpoints. It touches
 * no file itself: what is written goes through the host.
 */
import {
  type AdaLoraSchedule,
  addOrthogonalGradients,
  allocateRanks,
  requireBudgetPhase,
  type TimedSchedule,
} from '../adapters/adalora-ranks.ts';
import { parameterKey } from '../adapters/parameter-key.ts';
import { VultuneError } from '../base/errors.ts';
import type { FrozenFeatures } from '../network/frozen-features.ts';
import type { Network } from '../network/network.ts';
import type { Example } from '../objectives/objective.ts';
import { packSequence } from '../packing/pack-sequence.ts';
import { type PackingOptions, type PlannedSequence, type PlannedStep, planEpoch } from '../packing/plan.ts';
import { hasGroups, type PlannableFunctions } from '../packing/units.ts';
import type { NewEvent } from '../runs/events.ts';
import type { Task } from '../tasks/task.ts';
import { ActiveChoice } from './active-choice.ts';
import type { ActiveSampling } from './active-sampling.ts';
import { type AdamWOptions, adamWStep, zerosLike } from './adamw.ts';
import { STATE_FILE } from './checkpoints.ts';
import { isPatienceUsedUp, withEvaluation } from './early-stopping.ts';
import { clipGradients } from './gradient-clipping.ts';
import { learningRate, type SchedulerType } from './learning-rate.ts';
import { type CurriculumKind, plannableFunctions } from './plannable-functions.ts';
import { copyParameters, evaluatedSoFar, type TrainerState } from './trainer-state.ts';

/**
 * How losses of functions become the loss of an optimiser step. `sum`: added up. `mean`: the mean of each packed sequence
 * (the paper's), and of a step's sequences. `function`: the mean over the step's functions, whatever the packing. Where a
 * function's loss is a sum over tokens, `mean` is over the sequence's tokens that have a loss, as Transformers has it, and
 * `function` leaves each function's sum as it is.
 */
export type LossReduction = 'sum' | 'mean' | 'function';

export interface TrainerOptions {
  readonly seed: number;
  readonly epochs: number;
  /** Stop after so many optimiser steps. */
  readonly maxSteps: number | undefined;
  readonly packing: PackingOptions;
  /** Functions that begin alike go into one sequence, what they have in common computed once. Not joined. */
  readonly sharePrefixes: boolean;
  readonly lossReduction: LossReduction;
  readonly dropout: number;
  /** How AdaLoRA takes ranks away; undefined for other adapters. */
  readonly ranks?: AdaLoraSchedule | undefined;
  /** The order of the first epoch; by `loss` the state says how hard each function is. Default: none, a random order. */
  readonly curriculum?: CurriculumKind | undefined;
  /** Every so many steps unrelated functions are chosen anew, by the model as it is. Default: never; with functionsPerStep alone. */
  readonly activeSampling?: ActiveSampling | undefined;
  readonly adamw: AdamWOptions;
  readonly learningRate: number;
  /** Learning rate of the head's parameters; undefined: the same as that of all others. */
  readonly headLearningRate: number | undefined;
  readonly schedulerType: SchedulerType;
  /** Steps of warm-up out of so many. */
  warmupSteps(totalSteps: number): number;
  readonly maxGradientNorm: number | undefined;
  /** Evaluate after every epoch, after so many steps, or never. */
  readonly evaluateEvery: 'epoch' | number | undefined;
  /** Checkpoint after so many steps (undefined: every few minutes), besides those after evaluations and epochs. */
  readonly saveEverySteps: number | undefined;
  /** Stop after so many evaluations without a better one. */
  readonly earlyStoppingPatience: number | undefined;
}

export interface ValidationResult {
  readonly scores: Float64Array;
  /** By snake_case name. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** What decides which checkpoint is best; higher is better. */
  readonly decisive: number;
  readonly functions: number;
}

export interface TrainerHost {
  emit(event: NewEvent): void;
  save(state: TrainerState): Promise<void>;
  /** Scores the validation functions with the parameters as they are. */
  validate(): Promise<ValidationResult>;
  /** P(vulnerable) of the functions with these indices, with the parameters as they are; for active sampling. */
  scores(indices: readonly number[]): Promise<Float64Array>;
  readonly signal: AbortSignal;
}

export type TrainingEnd = 'epochs' | 'max_steps' | 'early_stopping' | 'interrupted';

export interface TrainerParts<Target> {
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
  readonly task: Pick<Task<Target>, 'head' | 'objective'>;
  readonly functions: readonly Example<Target>[];
  readonly options: TrainerOptions;
  readonly host: TrainerHost;
}

/** The most work that a killed process loses. */
const SAVE_EVERY_MS = 3 * 60_000;

/** Optimiser steps of a whole run, for the schedule and the estimate of the time left. */
export function countSteps(functions: PlannableFunctions, options: TrainerOptions): number {
  let total = 0;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    total += planEpoch(functions, options.packing, { seed: options.seed, epoch }).length;
  }
  return Math.min(total, options.maxSteps ?? total);
}

export class Trainer<Target> {
  readonly #parts: TrainerParts<Target>;
  readonly #state: TrainerState;
  readonly #plannable: PlannableFunctions;
  /** Undefined without active sampling. */
  readonly #choice: ActiveChoice | undefined;
  readonly #sharePrefixes: boolean;
  readonly #totalSteps: number;
  /** Undefined for adapters whose ranks stay. */
  readonly #ranks: TimedSchedule | undefined;
  readonly #gradients: Map<string, Float32Array>;
  readonly #headKeys: ReadonlySet<string>;
  #stepsInEpoch = 1;
  #savedAtMs = performance.now();

  /**
   * Throws CONFIG_RANK_SCHEDULE for a schedule of ranks that is longer than the training, RUN_CHECKPOINT_OLDER for a state whose
   * steps drew their dropout in another way.
   * @param state a new one, or that of a run to go on with; `parameters` must be the network's own.
   */
  constructor(parts: TrainerParts<Target>, state: TrainerState) {
    this.#parts = parts;
    this.#state = state;
    this.#plannable = plannableFunctions(parts.functions, parts.options, state.difficulty);
    const { activeSampling } = parts.options;
    this.#choice =
      activeSampling === undefined
        ? undefined
        : new ActiveChoice({ ...parts, plannable: this.#plannable, sampling: activeSampling });
    this.#sharePrefixes =
      parts.network.isCausal &&
      parts.options.sharePrefixes &&
      parts.options.packing.packing === 'isolated' &&
      hasGroups(this.#plannable);
    this.#totalSteps = countSteps(this.#plannable, parts.options);
    requireSameDropout(state, parts.options.dropout, this.#totalSteps);
    const { ranks } = parts.options;
    this.#ranks = ranks === undefined ? undefined : { ...ranks, totalSteps: this.#totalSteps };
    if (this.#ranks !== undefined) requireBudgetPhase(this.#ranks);
    this.#gradients = zerosLike(state.parameters);
    this.#headKeys = new Set(parts.task.head.parameters.map(({ name }) => parameterKey(name)));
  }

  get totalSteps(): number {
    return this.#totalSteps;
  }

  /** Trains to the end, or until the signal is aborted: then a checkpoint has been saved. */
  async run(): Promise<TrainingEnd> {
    try {
      return await this.#epochs();
    } catch (error) {
      if (!this.#parts.host.signal.aborted) throw error;
      await this.#save();
      const checkpoint = `checkpoints/${STATE_FILE}`;
      this.#parts.host.emit({ type: 'interrupted', step: this.#state.step, checkpoint });
      return 'interrupted';
    }
  }

  async #epochs(): Promise<TrainingEnd> {
    const { options } = this.#parts;
    const state = this.#state;
    while (state.epoch < options.epochs) {
      const steps = planEpoch(this.#plannable, options.packing, { seed: options.seed, epoch: state.epoch });
      this.#stepsInEpoch = steps.length;
      for (;;) {
        if (state.evaluationDue) await this.#evaluate();
        // Also for a run that was killed just after the evaluation that ends it.
        if (this.#isPatienceUsedUp()) return this.#finish('early_stopping');
        if (state.step >= this.#totalSteps && state.stepInEpoch < steps.length) {
          if (options.evaluateEvery === undefined) await this.#save();
          return this.#finish('max_steps');
        }
        const step = steps[state.stepInEpoch];
        if (step === undefined) break;
        if (this.#choice?.isDue(state.step)) await this.#choice.make(state, steps.length);
        const { step: taken, left } = this.#choice?.applied(step, state.chosen) ?? {
          step,
          left: state.chosen,
        };
        await this.#step(taken, left);
        if (this.#isSaveDue()) await this.#save();
      }
      this.#endEpoch();
      await this.#save();
    }
    // Another engine may have gone on to the end.
    return this.#finish(this.#isPatienceUsedUp() ? 'early_stopping' : 'epochs');
  }

  async #step(step: PlannedStep, chosen: Float64Array | undefined): Promise<void> {
    const { options, host } = this.#parts;
    const state = this.#state;
    const started = performance.now();
    for (const gradient of this.#gradients.values()) gradient.fill(0);
    const sum = { lossNats: 0, tokens: 0, padding: 0 };
    for (const sequence of step.sequences) {
      host.signal.throwIfAborted();
      const done = await this.#sequence(sequence, step);
      sum.lossNats += done.lossNats;
      sum.tokens += done.tokens;
      sum.padding += done.padding;
    }
    // The penalty stands outside of the loss that is reported: it is not a function's.
    if (this.#ranks !== undefined) {
      addOrthogonalGradients(state.parameters, this.#gradients, this.#ranks.orthogonalWeight);
    }
    const gradientNorm = clipGradients(this.#gradients, options.maxGradientNorm);
    if (!Number.isFinite(sum.lossNats) || !Number.isFinite(gradientNorm)) throw diverged(state.step);
    const schedule = {
      peak: options.learningRate,
      type: options.schedulerType,
      warmupSteps: options.warmupSteps(this.#totalSteps),
      totalSteps: this.#totalSteps,
    };
    const rate = learningRate(schedule, state.step);
    const peak = options.headLearningRate ?? options.learningRate;
    const ofHead = learningRate({ ...schedule, peak }, state.step);
    adamWStep(
      state.parameters,
      this.#gradients,
      state.optimizer,
      (key) => (this.#headKeys.has(key) ? ofHead : rate),
      options.adamw,
    );
    if (this.#ranks !== undefined && state.ranks !== undefined) {
      allocateRanks(state.parameters, this.#gradients, state.ranks, state.step, this.#ranks);
    }
    const durationMs = performance.now() - started;
    state.step++;
    state.stepInEpoch++;
    state.chosen = chosen;
    state.epochLossNats += sum.lossNats;
    state.epochFunctions += step.functionCount;
    state.epochTokens += sum.tokens;
    state.epochMs += durationMs;
    state.elapsedMs += durationMs;
    const every = options.evaluateEvery;
    const endsEpoch = state.stepInEpoch === this.#stepsInEpoch;
    state.evaluationDue = every === 'epoch' ? endsEpoch : every !== undefined && state.step % every === 0;
    if (every !== undefined && state.step === this.#totalSteps) state.evaluationDue = true;
    host.emit({
      type: 'step',
      step: state.step,
      epoch: this.#epochsDone(),
      lossNats: sum.lossNats / step.functionCount,
      learningRate: rate,
      gradientNorm,
      functions: step.functionCount,
      tokens: sum.tokens,
      paddingTokens: sum.padding,
      durationMs,
      memoryBytes: process.memoryUsage.rss(),
    });
  }

  /** Adds the gradients of one sequence; returns the sum of its functions' losses. */
  async #sequence(
    planned: PlannedSequence,
    step: PlannedStep,
  ): Promise<{ lossNats: number; tokens: number; padding: number }> {
    const { network, features, task, functions, options } = this.#parts;
    const rows = planned.functions.map((i) => functions[i]!);
    const ids = rows.map((row) => row.ids);
    const { packing, padTo, separator } = options.packing;
    const sequence = packSequence(ids, { packing, padTo, separator, sharePrefixes: this.#sharePrefixes });
    const { layout } = sequence;
    const { objective } = task;
    const byRows = 'rows' in objective ? objective : undefined;
    const terms = byRows?.terms(rows) ?? rows.length;
    const factor = reductionFactor(options.lossReduction, terms, step);
    const { loss } = await network.step(
      sequence,
      byRows?.head ?? task.head,
      {
        objective,
        ...('rows' in objective
          ? { feeds: {}, rows: objective.rows(rows, layout, factor) }
          : { feeds: objective.feeds(rows, factor) }),
        dropout: { probability: options.dropout, seed: options.seed, step: this.#state.step },
      },
      this.#gradients,
      // What is kept of frozen layers is of each function alone; joined, it depends on those before it.
      layout.isJoined ? undefined : await features?.hidden(sequence, ids),
    );
    return {
      lossNats: loss / factor,
      tokens: layout.realTokenCount,
      padding:
        layout.rowCount * layout.rowLength - (layout.isJoined ? layout.tokenCount : layout.realTokenCount),
    };
  }

  async #evaluate(): Promise<void> {
    const { host } = this.#parts;
    const state = this.#state;
    const started = performance.now();
    const result = await host.validate();
    const { isBest, withoutImprovement } = withEvaluation(evaluatedSoFar(state), result.decisive);
    if (isBest) {
      state.best = {
        step: state.step,
        metric: result.decisive,
        parameters: copyParameters(state.parameters),
        validScores: result.scores,
      };
    }
    state.evaluationsWithoutImprovement = withoutImprovement;
    state.evaluationDue = false;
    const durationMs = performance.now() - started;
    state.elapsedMs += durationMs;
    const { step } = state;
    const epoch = this.#epochsDone();
    const { functions, metrics } = result;
    host.emit({ type: 'evaluation', step, epoch, split: 'valid', functions, metrics, isBest, durationMs });
    await this.#save();
  }

  /** With the fraction of the current one. */
  #epochsDone(): number {
    return this.#state.epoch + this.#state.stepInEpoch / this.#stepsInEpoch;
  }

  #isSaveDue(): boolean {
    const { saveEverySteps: every } = this.#parts.options;
    return every === undefined
      ? performance.now() - this.#savedAtMs > SAVE_EVERY_MS
      : this.#state.step % every === 0;
  }

  #isPatienceUsedUp(): boolean {
    return isPatienceUsedUp(this.#parts.options.earlyStoppingPatience, evaluatedSoFar(this.#state));
  }

  #endEpoch(): void {
    const state = this.#state;
    state.epoch++;
    this.#parts.host.emit({
      type: 'epoch',
      epoch: state.epoch,
      step: state.step,
      meanLossNats: state.epochLossNats / Math.max(1, state.epochFunctions),
      functions: state.epochFunctions,
      tokens: state.epochTokens,
      durationMs: state.epochMs,
    });
    state.stepInEpoch = 0;
    state.epochLossNats = 0;
    state.epochFunctions = 0;
    state.epochTokens = 0;
    state.epochMs = 0;
  }

  #finish(reason: 'epochs' | 'max_steps' | 'early_stopping'): TrainingEnd {
    const { step, best, elapsedMs } = this.#state;
    this.#parts.host.emit({
      type: 'finished',
      step,
      reason,
      bestStep: best?.step ?? null,
      durationMs: elapsedMs,
    });
    return reason;
  }

  async #save(): Promise<void> {
    const started = performance.now();
    const state = this.#state;
    await this.#parts.host.save(state);
    this.#savedAtMs = performance.now();
    this.#parts.host.emit({
      type: 'checkpoint',
      step: state.step,
      epoch: this.#epochsDone(),
      path: `checkpoints/${STATE_FILE}`,
      durationMs: performance.now() - started,
    });
  }
}

/** A run whose first half is dropped from in one way and its second in another is neither: nobody could repeat it. */
function requireSameDropout({ step, dropoutKey }: TrainerState, dropout: number, totalSteps: number): void {
  if (dropoutKey !== 'function' || dropout === 0 || step === 0 || step >= totalSteps) return;
  throw new VultuneError(
    'RUN_CHECKPOINT_OLDER',
    `the ${step} steps of the checkpoint drew lora_dropout from the numbers of functions, this version draws it from their tokens`,
    {
      where: { name: 'lora_dropout' },
      hint: 'Train again from the first step with --start-over, or finish the run with the version of vultune that began it.',
    },
  );
}

function diverged(step: number): VultuneError {
  return new VultuneError(
    'TRAINING_DIVERGED',
    `the loss or its gradient is not a number any more at step ${step + 1}`,
    {
      where: { name: 'learning_rate' },
      hint: 'Lower learning_rate, or set max_grad_norm: 1; checkpoints hold the state before.',
      exitCode: 1,
    },
  );
}

/** What each loss is multiplied by for the step's loss to be reduced as asked; `terms`: losses of the sequence. */
export function reductionFactor(reduction: LossReduction, terms: number, step: PlannedStep): number {
  switch (reduction) {
    case 'sum':
      return 1;
    case 'mean':
      return 1 / (terms * step.sequences.length);
    case 'function':
      return 1 / step.functionCount;
  }
}
