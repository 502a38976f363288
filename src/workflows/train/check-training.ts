/**
 * @file What a training checks beyond the configuration and the data: the output folder, the device, and,
 * where the base model is on this machine, everything `train` asks of it before the first step. Downloads nothing.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import type { UnresolvedConfig } from '../../config/train-config.ts';
import { partWarnings } from '../../dataset/part-warnings.ts';
import { openModel } from '../../network/open-model.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import type { WorkflowContext } from '../context.ts';
import { estimateTraining } from './estimate.ts';
import { cutPart, evaluationFunctions, trainingExamples } from './examples.ts';
import { resolveLength } from './length.ts';
import { firstParameters, planTraining } from './setup.ts';
import type { TrainRequest } from './train.ts';
import { truncationText } from './truncation-text.ts';

export interface TrainingCheck {
  /** Of the configuration that was asked for, with a length for `max_length: auto` where the model is here. */
  readonly config: UnresolvedConfig;
  /** What was found, a sentence each. */
  readonly notes: readonly string[];
  /** What `train` would do all the same, and should not be missed. */
  readonly warnings: readonly string[];
  /** One phrase each. */
  readonly unchecked: readonly string[];
}

/** Throws what `train` would throw. */
export async function checkTraining(
  { config: given, inputs }: TrainRequest,
  { signal }: Pick<WorkflowContext, 'signal'>,
): Promise<TrainingCheck> {
  const unchecked = ['whether the memory is enough: it is estimated'];
  const notes: string[] = [];
  const warnings: string[] = [
    ...partWarnings(
      Object.fromEntries(
        inputs.map(({ key, records }) => [
          key,
          { functions: records.length, vulnerable: records.filter(({ target }) => target === 1).length },
        ]),
      ),
    ),
  ];
  requireWritable(given.output_dir);
  await requireDevice(given.device);
  const path = await modelOnThisMachine(given, signal);
  if (path === undefined) {
    const model = `the model with its tokenizer, and target_modules, lora_layers and lengths against it (${given.base_model} is not on this machine yet)`;
    return { config: given, notes, warnings, unchecked: [model, ...unchecked] };
  }
  const model = await openModel(path, { keepLayers: given.keep_layers ?? undefined });
  try {
    const report = { note: (text: string) => notes.push(text), warn: (text: string) => warnings.push(text) };
    const train = inputs.find(({ key }) => key === 'train_file')?.records ?? [];
    const config = resolveLength(given, model, train, report);
    const plan = planTraining(config, model);
    firstParameters(plan);
    const { examples, truncation } = trainingExamples(plan, train);
    const estimate = estimateTraining(plan, examples);
    notes.push(...estimate.notes);
    warnings.push(...estimate.warnings);
    const cut = [truncation];
    for (const { key, records } of inputs) {
      if (key !== 'train_file') cut.push(cutPart(key, records, evaluationFunctions(plan, records)));
    }
    for (const part of cut) {
      const found = truncationText(part, config.max_length);
      if (found !== undefined) (found.isWarning ? warnings : notes).push(found.text);
    }
    return { config, notes, warnings, unchecked };
  } finally {
    await model.checkpoint.close();
  }
}

/** Undefined where it would have to be downloaded. */
async function modelOnThisMachine(
  { base_model, revision }: UnresolvedConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const options = { ...(revision === null ? {} : { revision }), offline: true, signal };
    return (await resolveModel(base_model, options)).path;
  } catch (error) {
    if (error instanceof VultuneError && error.code === 'MODEL_NOT_CACHED') return undefined;
    throw error;
  }
}

/** The run folder is made in the nearest folder above it that exists. */
function requireWritable(folder: string): void {
  let nearest = resolve(folder);
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    // The dot fails where `nearest` is a file.
    accessSync(`${nearest}/.`, constants.W_OK);
  } catch (error) {
    throw fileError(error, nearest, 'write');
  }
}
