/**
 * @file What a training checks beyond the configuration and the data: the output folder, the device, and,
 * where the base model is on this machine, everything `train` asks of it before the first step. Downloads nothing.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { openModel } from '../../network/open-model.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import type { WorkflowContext } from '../context.ts';
import { trainingExamples } from './examples.ts';
import { firstParameters, planTraining } from './setup.ts';
import type { TrainRequest } from './train.ts';

/** Throws what `train` would throw. @returns what could not be checked, one phrase each */
export async function checkTraining(
  { config, inputs }: TrainRequest,
  { signal }: Pick<WorkflowContext, 'signal'>,
): Promise<readonly string[]> {
  const unchecked = ['whether the memory is enough'];
  requireWritable(config.output_dir);
  await requireDevice(config.device);
  const path = await modelOnThisMachine(config, signal);
  if (path === undefined) {
    return [
      `the model with its tokenizer, and target_modules, lora_layers and lengths against it (${config.base_model} is not on this machine yet)`,
      ...unchecked,
    ];
  }
  const model = await openModel(path, { keepLayers: config.keep_layers ?? undefined });
  try {
    const plan = planTraining(config, model);
    firstParameters(plan);
    const records = inputs.find(({ key }) => key === 'train_file')?.records ?? [];
    trainingExamples(plan, records);
  } finally {
    await model.checkpoint.close();
  }
  return unchecked;
}

/** Undefined where it would have to be downloaded. */
async function modelOnThisMachine(
  { base_model, revision }: TrainConfig,
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
