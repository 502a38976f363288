/** @file A task a tiny model learns in a few steps, and a trainer on it whose host keeps everything in memory. */

import { initialParameters } from '../../src/adapters/adapter-parameters.ts';
import { type LayerSelection, type LoraOptions, planLora } from '../../src/adapters/lora-plan.ts';
import { randomStream } from '../../src/base/random.ts';
import type { FrozenFeatures } from '../../src/network/frozen-features.ts';
import { scoreFunctions } from '../../src/network/score-functions.ts';
import { classification, type Label } from '../../src/objectives/classification.ts';
import type { Example, Objective } from '../../src/objectives/objective.ts';
import type { NewEvent } from '../../src/runs/events.ts';
import { classifierJudgement } from '../../src/tasks/classify.ts';
import {
  Trainer,
  type TrainerHost,
  type TrainerOptions,
  type TrainingEnd,
  type ValidationResult,
} from '../../src/training/trainer.ts';
import { copyParameters, initialState, type TrainerState } from '../../src/training/trainer-state.ts';
import { float32 } from '../../src/weights/float32.ts';
import type { WeightFormat } from '../../src/weights/weight-format.ts';
import {
  inFormat,
  loraDefaults,
  makeModel,
  type TinyModel,
  type TinyNetwork,
  tinyConfig,
  tinyNetwork,
} from './tiny-model.ts';

/** Two layers; block cut, so that forward and backward graphs are run as in a real training. */
export const toyModel: TinyModel = makeModel(tinyConfig({ num_hidden_layers: 2 }));

export type ToyFunction = Example<Label>;

/** Vulnerable: its last token is one of four; every other token says nothing. */
export function toyFunctions(count: number, seed = 1): ToyFunction[] {
  const random = randomStream(seed, 'toy');
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? 1 : 0;
    const ids = Array.from({ length: random.integer(8) }, () => random.integer(8));
    return { ids: [...ids, 4 * label + random.integer(4)], target: label, weight: 1 };
  });
}

export const toyOptions: TrainerOptions = {
  seed: 3,
  epochs: 2,
  maxSteps: undefined,
  packing: {
    packing: 'isolated',
    tokensPerBatch: 12,
    maxFunctionsPerSequence: undefined,
    functionsPerStep: 4,
    padTo: undefined,
  },
  sharePrefixes: false,
  lossReduction: 'function',
  dropout: 0,
  adamw: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  learningRate: 0.02,
  headLearningRate: undefined,
  schedulerType: 'linear',
  warmupSteps: () => 2,
  maxGradientNorm: 1,
  evaluateEvery: 'epoch',
  saveEverySteps: 1,
  earlyStoppingPatience: undefined,
};

export interface ToyNetwork extends TinyNetwork {
  /** Puts the parameters back to what a new run begins with, and gives its state. */
  fresh(seed: number): TrainerState;
  /** Puts a saved state's parameters into the network. */
  resume(saved: TrainerState): TrainerState;
}

/** One network for many runs: graphs are compiled once, parameters are written over. */
export async function toyNetwork(
  layers: LayerSelection = 'all',
  {
    format = float32,
    lora = {},
  }: { readonly format?: WeightFormat; readonly lora?: Partial<LoraOptions> } = {},
): Promise<ToyNetwork> {
  const adapted = planLora(toyModel.model, { ...loraDefaults, layers, ...lora });
  const { head } = classifierJudgement(toyModel.model, 'last');
  const parameters = initialParameters(adapted, head, 0);
  const tiny = await tinyNetwork(inFormat(toyModel, format), { adapted, parameters, blocksPerStage: 1 });
  const put = (values: TrainerState['parameters']) => {
    for (const [key, { data }] of parameters) data.set(values.get(key)!.data);
  };
  return {
    ...tiny,
    fresh: (seed) => {
      put(initialParameters(adapted, head, seed));
      return initialState(parameters);
    },
    resume: (saved) => {
      put(saved.parameters);
      return { ...saved, parameters };
    },
  };
}

export interface ToyRun {
  readonly toy: Pick<ToyNetwork, 'network' | 'judgement'>;
  readonly state: TrainerState;
  readonly options?: Partial<TrainerOptions>;
  readonly functions?: readonly ToyFunction[];
  readonly validation?: readonly ToyFunction[];
  readonly features?: FrozenFeatures;
  /** Instead of scoring the validation functions. */
  readonly decisive?: (evaluation: number) => number;
  readonly onEvent?: (event: NewEvent) => void;
  readonly onSave?: (state: TrainerState) => void | Promise<void>;
  /** Before each sequence goes through the network. */
  readonly onSequence?: () => void;
  /** Default: cross-entropy. */
  readonly objective?: Objective<Label>;
  /** Before functions are scored for active sampling. */
  readonly onScores?: (indices: readonly number[]) => void;
  /** In the middle of an evaluation. */
  readonly onEvaluation?: () => void;
  readonly signal?: AbortSignal;
}

export interface ToyResult {
  readonly end: TrainingEnd;
  readonly events: readonly NewEvent[];
  /** Copies: the network's own parameters are used again by the next run. */
  readonly parameters: TrainerState['parameters'];
  readonly state: TrainerState;
  readonly totalSteps: number;
}

export async function runToy(run: ToyRun): Promise<ToyResult> {
  const { toy, state, features } = run;
  const { network } = toy;
  const options = { ...toyOptions, ...run.options };
  const functions = run.functions ?? toyFunctions(14);
  const events: NewEvent[] = [];
  const signal = run.signal ?? new AbortController().signal;
  let evaluations = 0;
  const host: TrainerHost = {
    signal,
    emit: (event) => {
      events.push(event);
      run.onEvent?.(event);
    },
    save: async (saved) => {
      await run.onSave?.(saved);
    },
    validate: async () => {
      const scripted = run.decisive?.(evaluations++);
      run.onEvaluation?.();
      signal.throwIfAborted();
      return scripted === undefined
        ? await scoreToy(toy, run.validation ?? toyFunctions(10, 2), signal, features)
        : { scores: Float64Array.of(scripted), metrics: {}, decisive: scripted, functions: 1 };
    },
    scores: async (indices) => {
      run.onScores?.(indices);
      const ids = indices.map((index) => functions[index]!.ids);
      const logits = await scoreFunctions(network, toy.judgement.head, ids, {
        tokensPerBatch: 16,
        signal,
        features,
      });
      return toy.judgement.scores(logits);
    },
  };
  // Features are asked for before each sequence: a place to look in from.
  const watched = {
    hidden: async (...given: Parameters<FrozenFeatures['hidden']>) => {
      run.onSequence?.();
      return await features?.hidden(...given);
    },
  } as FrozenFeatures;
  const task = {
    head: toy.judgement.head,
    objective: run.objective ?? classification({ kind: 'cross_entropy' }),
  };
  const trainer = new Trainer({ network, features: watched, task, functions, options, host }, state);
  const end = await trainer.run();
  return { end, events, parameters: copyParameters(state.parameters), state, totalSteps: trainer.totalSteps };
}

/** Decisive is the mean log probability of the truth, which nearly always improves. */
async function scoreToy(
  { network, judgement }: ToyRun['toy'],
  functions: readonly ToyFunction[],
  signal: AbortSignal,
  features: FrozenFeatures | undefined,
): Promise<ValidationResult> {
  const ids = functions.map((one) => one.ids);
  const scores = judgement.scores(
    await scoreFunctions(network, judgement.head, ids, { tokensPerBatch: 16, signal, features }),
  );
  const right = functions.filter(({ target }, i) => (scores[i]! >= 0.5 ? 1 : 0) === target).length;
  const decisive =
    functions.reduce((sum, { target }, i) => sum + Math.log(target === 1 ? scores[i]! : 1 - scores[i]!), 0) /
    functions.length;
  const accuracy = right / functions.length;
  return { scores, metrics: { accuracy }, decisive, functions: functions.length };
}

export const ofType = <T extends NewEvent['type']>(events: readonly NewEvent[], type: T) =>
  events.filter((event): event is Extract<NewEvent, { type: T }> => event.type === type);
