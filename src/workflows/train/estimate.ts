/**
 * @file What a training will take: tokens and optimiser steps from its plan, memory from the model's sizes, time from the
 * speed of earlier runs beside it. Estimates, and said to be ones.
 */
import { existsSync, readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatDuration } from '../../base/numbers.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { layerMatrices } from '../../model/matrices.ts';
import type { Model } from '../../model/spec.ts';
import { blockWeightBytes } from '../../network/open-model.ts';
import { chunkRows } from '../../objectives/next-token.ts';
import type { Example } from '../../objectives/objective.ts';
import { openRun, runEvents } from '../../runs/run-folder.ts';
import { sizeOf } from '../../tensor/host-tensor.ts';
import { countSteps, plannableFunctions } from '../../training/trainer.ts';
import type { TrainingPlan } from './setup.ts';

export interface TrainingEstimate {
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly memoryBytes: number;
  /** Of the steps; undefined where no earlier run says how fast this machine is. */
  readonly milliseconds: number | undefined;
}

const FLOAT_BYTES = 4;
/** Node with ONNX Runtime before it holds a model, measured. */
const PROCESS_BYTES = 300e6;

export function estimateTraining(
  plan: TrainingPlan,
  examples: readonly Example<unknown>[],
): TrainingEstimate {
  const { config } = plan;
  const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
  const steps = countSteps(plannableFunctions(examples), plan.trainer);
  const bytes = trainingBytes(plan);
  const notes = [
    `${formatCount(examples.length)} functions and ${formatCount(tokens)} tokens an epoch; ${formatCount(steps)} optimiser steps in ${config.num_train_epochs} epochs`,
    `memory: about ${formatBytes(bytes)}, of which ${formatBytes(blockWeightBytes(plan.model))} are weights of the blocks (${plan.model.weights.format.name}), estimated (this machine has ${formatBytes(totalmem())})`,
  ];
  const speed = measuredSpeed(config);
  const milliseconds = speed && (1000 * tokens * config.num_train_epochs) / speed.tokensPerSecond;
  if (speed !== undefined) {
    notes.push(
      `time: about ${formatDuration(milliseconds!)} of steps, at the ${formatCount(Math.round(speed.tokensPerSecond))} tokens a second of ${speed.run}`,
    );
  }
  const isTooLarge = config.device === 'cpu' && bytes > totalmem();
  const warning = `the training may need about ${formatBytes(bytes)}, more than this machine's ${formatBytes(totalmem())}: lower tokens_per_batch or max_length, or use activations: recompute`;
  return { notes, warnings: isTooLarge ? [warning] : [], memoryBytes: bytes, milliseconds };
}

/** Weights as they are held, the products that the backward pass reads of a pass, and attention's probabilities of one block. */
function trainingBytes({ model, adapted, whole, config, reading: { asked } }: TrainingPlan): number {
  const matrices = layerMatrices(model.spec);
  const weights = blockWeightBytes(model);
  // Beside the matrices themselves: the trained copy, its gradient, and AdamW's two moments.
  const wholeSize = 4 * whole.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const trained = new Set([...adapted, ...whole].map(({ layer }) => layer));
  const kept = matrices
    .filter(({ layer }) => trained.has(layer))
    .reduce((sum, { matrix }) => sum + matrix.outputSize, 0);
  const heads = Math.max(...model.spec.layers.map(({ block }) => block.attention.headCount));
  const head = asked === undefined ? 0 : headFloats(model.spec);
  // Joined, a token sees all before it in the sequence.
  const rowLength = config.packing === 'joined' ? config.tokens_per_batch : config.max_length;
  const attention = 3 * heads * rowLength * config.tokens_per_batch;
  return (
    PROCESS_BYTES + weights + FLOAT_BYTES * (wholeSize + kept * config.tokens_per_batch + attention + head)
  );
}

/** Tensors as large as a chunk's logits at the peak of a run, measured. */
const LOGITS_HELD = 14;

/** Numbers of the language model's matrix, and of the logits of a chunk. */
const headFloats = ({ vocabularySize, hiddenSize }: Model) =>
  vocabularySize * (hiddenSize + LOGITS_HELD * chunkRows(vocabularySize));

const MOST_RUNS = 50;

/** Speed of the newest run in the same folder with the same model, layers, length, packing and device; undefined without one. */
function measuredSpeed(config: TrainConfig): { tokensPerSecond: number; run: string } | undefined {
  const folder = dirname(resolve(config.output_dir));
  if (!existsSync(folder)) return undefined;
  const runs = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'run.json')))
    .slice(0, MOST_RUNS);
  let newest: { tokensPerSecond: number; run: string; createdAt: string } | undefined;
  for (const run of runs) {
    const found = speedOf(run, config);
    if (found !== undefined && (newest === undefined || found.createdAt > newest.createdAt)) newest = found;
  }
  return newest;
}

/** Runs of before there was a choice. */
const BEFORE_TASKS = { task: 'classify', loss_on: null } as const;

const SAME = [
  'base_model',
  'task',
  'loss_on',
  'lora_layers',
  'max_length',
  'packing',
  'device',
  'num_threads',
  'keep_layers',
  'load_in_8bit',
  'int8_matmul',
  'load_in_4bit',
  'weights',
] as const;

function speedOf(
  path: string,
  config: TrainConfig,
): { tokensPerSecond: number; run: string; createdAt: string } | undefined {
  try {
    const run = openRun(path);
    const stored = { ...BEFORE_TASKS, ...run.record.config } as Readonly<Record<string, unknown>>;
    if (SAME.some((key) => JSON.stringify(stored[key]) !== JSON.stringify(config[key]))) return undefined;
    let [tokens, durationMs] = [0, 0];
    for (const event of runEvents(run)) {
      if (event.type !== 'step') continue;
      tokens += event.tokens;
      durationMs += event.durationMs;
    }
    if (durationMs === 0) return undefined;
    return { tokensPerSecond: (1000 * tokens) / durationMs, run: path, createdAt: run.record.createdAt };
  } catch (error) {
    // A folder that is not a run of this version has no speed to report.
    if (error instanceof VultuneError) return undefined;
    throw error;
  }
}
