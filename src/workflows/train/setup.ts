/** @file From a resolved configuration, checked data and an open model to a network and trainer options. */
import { join } from 'node:path';
import type { AdaptedMatrix } from '../../adapters/adapted-matrix.ts';
import { type AdapterParameters, initialParameters } from '../../adapters/adapter-parameters.ts';
import { type LoraOptions, planLora, selectedLayers } from '../../adapters/lora-plan.ts';
import { VultuneError } from '../../base/errors.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { type TrainConfig, warmupSteps } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { chooseCut } from '../../network/choose-cut.ts';
import { encodeFunctions } from '../../network/encode-functions.ts';
import { FeatureCache } from '../../network/feature-cache.ts';
import { FrozenFeatures } from '../../network/frozen-features.ts';
import { configFingerprint } from '../../network/model-identity.ts';
import { Network } from '../../network/network.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { Label } from '../../objectives/classification.ts';
import type { Example } from '../../objectives/objective.ts';
import { keepAll } from '../../packing/fit-length.ts';
import type { Backend } from '../../runtime/backend.ts';
import { classify } from '../../tasks/classify.ts';
import type { Task } from '../../tasks/task.ts';
import type { TrainerOptions } from '../../training/trainer.ts';

export function loraOptions(config: TrainConfig): LoraOptions {
  return {
    rank: config.lora_r,
    alpha: config.lora_alpha,
    dropout: config.lora_dropout,
    targetModules: config.target_modules,
    layers: config.lora_layers,
    useRsLora: config.use_rslora,
    rankPattern: {},
    alphaPattern: {},
  };
}

/** The matrices that are trained through adapters. */
export function adapterPlan(config: TrainConfig, model: OpenModel): readonly AdaptedMatrix[] {
  return planLora(model.spec, loraOptions(config));
}

export function trainingTask(config: TrainConfig, model: OpenModel): Task<Label> {
  return classify(model.spec, {
    pooling: config.pooling,
    loss: config.loss === 'focal' ? { kind: 'focal', gamma: config.focal_gamma } : { kind: 'cross_entropy' },
  });
}

/** What a training starts from; the seed fixes it. */
export const firstParameters = (config: TrainConfig, model: OpenModel): AdapterParameters =>
  initialParameters(adapterPlan(config, model), trainingTask(config, model).head, config.seed);

/** Adapted layers for adapter_config.json, undefined for all. */
export function adaptedLayers(config: TrainConfig, model: OpenModel): readonly number[] | undefined {
  return config.lora_layers === 'all'
    ? undefined
    : selectedLayers(config.lora_layers, model.spec.layers.length);
}

export interface TrainingNetwork {
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
}

export function trainingNetwork(
  config: TrainConfig,
  model: OpenModel,
  backend: Backend,
  parameters: AdapterParameters,
): TrainingNetwork {
  const { spec, weights, checkpoint } = model;
  const cut = chooseCut({
    cut: config.cut,
    blocksPerGraph: config.blocks_per_graph,
    activations: config.activations,
    device: config.device,
  });
  const network = new Network({
    model: spec,
    weights,
    adapted: adapterPlan(config, model),
    parameters,
    backend,
    ...cut,
  });
  const layerCount = network.frozenLayerCount;
  if (!config.feature_cache || layerCount === 0) return { network, features: undefined };
  const cache = new FeatureCache({
    folder: join(vultuneCacheDir(config.cache_dir ?? undefined), 'features'),
    maxBytes: config.feature_cache_max_gb * 1e9,
    // The tokenizer is in the ids that a feature is of.
    modelFingerprint: `${checkpoint.fingerprint} ${configFingerprint(spec)}`,
    layerCount,
    hiddenSize: spec.hiddenSize,
  });
  return { network, features: new FrozenFeatures(network, cache, spec.hiddenSize) };
}

/**
 * Functions to train on; those that `long_functions: drop` drops are left out.
 * Throws DATASET_EMPTY when none is left, DATASET_ONE_CLASS when those of one label are.
 */
export function trainingExamples<Target>(
  config: TrainConfig,
  model: OpenModel,
  task: Task<Target>,
  records: readonly LabelledRecord[],
): Example<Target>[] {
  const encoded = encodeFunctions(
    model,
    records.map(({ code }) => code),
    { maxLength: config.max_length, longFunctions: config.long_functions, pooling: config.pooling },
  );
  const examples = records.flatMap((record, i): Example<Target>[] => {
    const ids = encoded[i]?.ids;
    if (ids === undefined) return [];
    const set = record.set === undefined ? 1 : config.set_weights[record.set];
    return [{ ids, target: task.target(record), weight: set * config.class_weights[record.target] }];
  });
  if (examples.length === 0) {
    throw new VultuneError('DATASET_EMPTY', `all ${records.length} functions are longer than max_length`, {
      where: { file: config.train_file, name: 'long_functions' },
      hint: 'Raise max_length, or use long_functions: truncate.',
    });
  }
  const labels = new Set(examples.filter(({ weight }) => weight > 0).map(({ target }) => target));
  if (labels.size < 2) {
    const dropped = records.length - examples.length;
    throw new VultuneError(
      'DATASET_ONE_CLASS',
      `the functions that are trained on have one label alone: ${dropped} of ${records.length} are longer than max_length and dropped`,
      {
        where: { file: config.train_file, name: 'long_functions' },
        hint: 'Raise max_length, or use long_functions: truncate.',
      },
    );
  }
  return examples;
}

/** Functions to evaluate on: none is left out, or figures of different settings would be of different data. */
export function evaluationIds(
  config: TrainConfig,
  model: OpenModel,
  records: readonly LabelledRecord[],
): (readonly number[])[] {
  return encodeFunctions(
    model,
    records.map(({ code }) => code),
    {
      maxLength: config.max_length,
      longFunctions: keepAll(config.long_functions),
      pooling: config.pooling,
    },
  ).map((one) => one!.ids);
}

export function trainerOptions(config: TrainConfig): TrainerOptions {
  return {
    seed: config.seed,
    epochs: config.num_train_epochs,
    maxSteps: config.max_steps ?? undefined,
    packing: {
      packing: config.packing,
      tokensPerBatch: config.tokens_per_batch,
      maxFunctionsPerSequence: config.max_functions_per_sequence ?? undefined,
      functionsPerStep: config.functions_per_step ?? undefined,
      // The baseline that papers measure against pads every row to the longest that may be.
      padTo: config.packing === 'none' ? config.max_length : undefined,
    },
    sharePrefixes: config.share_prefixes,
    lossReduction: config.loss_reduction,
    dropout: config.lora_dropout,
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
