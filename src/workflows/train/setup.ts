/** @file From a checked configuration and an open model to a plan that everything behind it takes as it is: resolved once. */
import type { AdaptedMatrix } from '../../adapters/adapted-matrix.ts';
import { type AdapterParameters, firstParameters as firstValues } from '../../adapters/adapter-parameters.ts';
import {
  type AdaLoraOptions,
  type LoraOptions,
  planAdapters,
  requireFittingRanks,
  selectedLayers,
} from '../../adapters/lora-plan.ts';
import type { WholeParameter } from '../../adapters/whole-parameters.ts';
import { VultuneError } from '../../base/errors.ts';
import { type TrainConfig, warmupSteps } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { type CweClass, chooseCweClasses, whyNoCweHead } from '../../evaluation/cwe/choose-classes.ts';
import { checkHeadWeights } from '../../heads/check-head-weights.ts';
import { classifier } from '../../heads/classifier.ts';
import type { Head } from '../../heads/head.ts';
import type { Model } from '../../model/spec.ts';
import { endTokenCount } from '../../network/encode-functions.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { requireJoinable } from '../../network/require-joinable.ts';
import { requireMaxLength } from '../../network/require-max-length.ts';
import type { Label } from '../../objectives/classification.ts';
import { answer } from '../../tasks/answer.ts';
import { classifyWithCwe } from '../../tasks/classify-with-cwe.ts';
import type { Task } from '../../tasks/task.ts';
import type { StoredQuestion } from '../../text/question.ts';
import type { TrainerOptions } from '../../training/trainer.ts';
import { requireProbeMatrix } from './probe-head.ts';
import { type PlannedReading, planReading } from './reading.ts';
import { contextOfRecords, type RecordContext } from './record-context.ts';

/** What every task says of a function, and maybe more. */
export interface Learnt {
  readonly label: Label;
}

export interface TrainingPlan {
  readonly config: TrainConfig;
  readonly model: OpenModel;
  readonly reading: PlannedReading;
  readonly task: Task<Learnt>;
  /** The head of the two labels alone: what of the task's own head PEFT knows. Where the language model answers, the task's own. */
  readonly classifier: Head;
  readonly cwe: PlannedCwe;
  readonly lora: LoraOptions;
  /** Adapted layers for adapter_config.json, undefined for all. */
  readonly layers: readonly number[] | undefined;
  /** The matrices that are trained through adapters. */
  readonly adapted: readonly AdaptedMatrix[];
  /** What is trained whole of the base model. */
  readonly whole: readonly WholeParameter[];
  readonly trainer: TrainerOptions;
  /** What of their files stands in front of the functions; undefined where nothing does. */
  readonly context?: RecordContext | undefined;
}

export interface PlannedCwe {
  /** In the order of the head's rows; undefined without a CWE head. */
  readonly classes: readonly CweClass[] | undefined;
  /** Why there is none, where one is asked for. */
  readonly lack: string | undefined;
}

/**
 * @param train the functions of train_file: the CWEs of the vulnerable ones are the classes of a CWE head
 *
 * @param question what the language model is asked; undefined for a classifier
 *
 * Throws MAX_LENGTH_TOO_LARGE, PACKING_UNSUPPORTED, TOKENS_PER_BATCH_TOO_LARGE, LORA_LAYERS, LORA_TARGET_UNKNOWN,
 * POOLING_UNSUPPORTED, CONFIG_HEAD_INIT and CHECKPOINT_TENSOR_MISSING for what the model does not have, CONFIG_TIED_HEAD for
 * what it cannot train apart.
 */
export function planTraining(
  config: TrainConfig,
  model: OpenModel,
  train: readonly LabelledRecord[],
  question?: StoredQuestion,
): TrainingPlan {
  requireMaxLength(model, config.max_length);
  if (config.packing === 'joined') requireJoinable(model, config.tokens_per_batch);
  const lora = loraOptions(config);
  const layers = lora.layers === 'all' ? undefined : selectedLayers(lora.layers, model.spec.layers.length);
  const reading = planReading(config, model, question);
  // Whether a question leaves room for code.
  reading.reader.encode([''], { maxLength: config.max_length, longFunctions: 'truncate' });
  const cwe = planCwe(config, train);
  const { task, classifier: ofLabels } = planTask(config, model, reading, cwe);
  if (config.head_init === 'probe') requireProbeMatrix(model.spec, ofLabels);
  checkHeadWeights(model.checkpoint, task.head);
  const plan = planAdapters(model.spec, lora, task.head);
  if (reading.asked !== undefined) requireUntied(model.spec, plan.whole);
  requireFittingRanks(plan.adapted, config.finetuning_type === 'adalora' ? 'init_r' : 'lora_r');
  const trainer = trainerOptions(config, model, lora, reading);
  const context = contextOfRecords(train);
  return { config, model, reading, task, classifier: ofLabels, cwe, lora, layers, ...plan, trainer, context };
}

function planTask(
  config: TrainConfig,
  { spec }: OpenModel,
  { asked, pooling }: PlannedReading,
  cwe: PlannedCwe,
): { readonly task: Task<Learnt>; readonly classifier: Head } {
  if (asked !== undefined) {
    const { question } = asked;
    const lossOn = config.task === 'instruct' ? 'answer' : (config.loss_on ?? 'all');
    const task = answer(spec, { question, lossOn });
    return { task, classifier: task.head };
  }
  const loss =
    config.loss === 'focal'
      ? { kind: 'focal' as const, gamma: config.focal_gamma }
      : { kind: 'cross_entropy' as const };
  const topLayers = config.top_mlp_layers;
  const task = classifyWithCwe(spec, {
    pooling,
    loss,
    topLayers,
    cwe: cwe.classes && { classes: cwe.classes.map(({ id }) => id), weight: config.cwe_loss_weight },
    pairWeight: config.pair_loss_weight,
  });
  return { task, classifier: classifier(spec, { classes: 2, pooling, topLayers }) };
}

/** PEFT trains a copy of a module, which a matrix that stands in two places would then have two values of. */
function requireUntied({ heads, embedding, family }: Model, whole: readonly WholeParameter[]): void {
  const name = embedding.tokens;
  if (heads.languageModel !== name || !whole.some(({ fullName }) => fullName === name)) return;
  throw new VultuneError(
    'CONFIG_TIED_HEAD',
    `modules_to_save names ${name}, which this ${family} model uses as its embedding and as its head`,
    {
      where: { name: 'modules_to_save' },
      hint: 'Leave it out: adapters of the blocks change what the head reads.',
    },
  );
}

function planCwe(config: TrainConfig, train: readonly LabelledRecord[]): PlannedCwe {
  if (!config.cwe_head) return { classes: undefined, lack: undefined };
  const least = config.cwe_min_examples;
  const choice = chooseCweClasses(train, { most: config.cwe_classes, leastExamples: least });
  const lack = whyNoCweHead(choice, least);
  return { classes: lack === undefined ? choice.classes : undefined, lack };
}

/** What a training starts from; the seed and the base model fix it. */
export function firstParameters({
  adapted,
  whole,
  task,
  model,
  config,
}: TrainingPlan): Promise<AdapterParameters> {
  const { head } = task;
  return firstValues({ adapted, whole, head }, config.seed, (name) => model.checkpoint.read(name));
}

function loraOptions(config: TrainConfig): LoraOptions {
  const type = config.finetuning_type;
  const isAdapted = type === 'lora' || type === 'adalora';
  return {
    rank: type === 'adalora' ? config.init_r : config.lora_r,
    alpha: config.lora_alpha,
    dropout: isAdapted ? config.lora_dropout : 0,
    targetModules: isAdapted ? config.target_modules : 'none',
    layers: isAdapted ? config.lora_layers : 'all',
    useRsLora: config.use_rslora,
    rankPattern: config.rank_pattern,
    alphaPattern: config.alpha_pattern,
    ...(config.use_dora ? { useDora: true } : {}),
    ...(config.bias === 'none' ? {} : { bias: config.bias }),
    ...(config.exclude_modules.length === 0 ? {} : { excludeModules: config.exclude_modules }),
    ...(type === 'full' ? { modulesToSave: 'all' as const } : {}),
    ...(config.modules_to_save.length === 0 ? {} : { modulesToSave: config.modules_to_save }),
    ...(type === 'adalora' ? { adalora: adaLoraOptions(config) } : {}),
  };
}

const adaLoraOptions = (config: TrainConfig): AdaLoraOptions => ({
  targetRank: config.target_r,
  initialSteps: config.tinit,
  finalSteps: config.tfinal,
  interval: config.deltaT,
  beta1: config.beta1,
  beta2: config.beta2,
  orthogonalWeight: config.orth_reg_weight,
});

function trainerOptions(
  config: TrainConfig,
  model: OpenModel,
  lora: LoraOptions,
  { asked }: PlannedReading,
): TrainerOptions {
  return {
    seed: config.seed,
    epochs: config.num_train_epochs,
    curriculum: config.curriculum === 'none' ? undefined : config.curriculum,
    activeSampling: config.active_sampling === null ? undefined : { every: config.active_sampling },
    maxSteps: config.max_steps ?? undefined,
    packing: {
      packing: config.packing,
      tokensPerBatch: config.tokens_per_batch,
      maxFunctionsPerSequence: config.max_functions_per_sequence ?? undefined,
      functionsPerStep: config.functions_per_step ?? undefined,
      // The baseline that papers measure against pads every row to the longest that may be.
      padTo: config.packing === 'none' ? config.max_length : undefined,
      separator:
        config.packing !== 'joined'
          ? undefined
          : asked === undefined
            ? separatorOf(model)
            : asked.question.answers[0].at(-1),
    },
    sharePrefixes: config.share_prefixes,
    lossReduction: config.loss_reduction,
    dropout: lora.dropout,
    ranks: lora.adalora,
    adamw: {
      beta1: config.adam_beta1,
      beta2: config.adam_beta2,
      epsilon: config.adam_epsilon,
      weightDecay: config.weight_decay,
    },
    learningRate: config.learning_rate,
    headLearningRate: config.head_learning_rate ?? undefined,
    schedulerType: config.lr_scheduler_type,
    warmupSteps: (totalSteps) => warmupSteps(config, totalSteps),
    maxGradientNorm: config.max_grad_norm ?? undefined,
    evaluateEvery: { epoch: 'epoch', steps: config.eval_steps ?? undefined, no: undefined }[
      config.eval_strategy
    ] as TrainerOptions['evaluateEvery'],
    saveEverySteps: config.save_steps ?? undefined,
    earlyStoppingPatience: config.early_stopping_patience ?? undefined,
  };
}

/** What stands between joined functions: the end of a text, unless the tokenizer ends every function with such tokens itself. */
const separatorOf = ({ tokenizer }: OpenModel) =>
  endTokenCount(tokenizer) > 0 ? undefined : tokenizer.special.eos;
