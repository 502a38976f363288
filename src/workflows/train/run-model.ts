/** @file The base model of a run: what run.json keeps of it, and that a resumed run continues with the same. */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { findMoved, pathFrom } from '../../base/moved-path.ts';
import type { TrainConfig, UnresolvedConfig } from '../../config/train-config.ts';
import { differingPart, modelIdentity } from '../../network/model-identity.ts';
import { blockWeightBytes, type OpenModel } from '../../network/open-model.ts';
import type { Run } from '../../runs/run-folder.ts';
import { type RunModel, runModelSchema } from '../../runs/run-model.ts';
import { checkValue } from '../../schema/check-value.ts';
import { factorsFingerprintOf } from '../../weights/smoothed-int8.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { configuredFormat, openKeptFormat, openWeightFormat } from '../open/choose-weight-format.ts';
import { openBaseModel } from '../open/open-base-model.ts';
import { initialAdapter } from './init-adapter.ts';

/** The base model that a configuration names, with the layers that it keeps; `format`: as it asks for. */
export async function openRunModel(
  config: UnresolvedConfig,
  context: WorkflowContext,
  format?: WeightFormat,
): Promise<OpenModel> {
  return await openBaseModel(config.base_model, config.revision ?? undefined, context, {
    keepLayers: config.keep_layers ?? undefined,
    format: format ?? (await openWeightFormat(configuredFormat(config), config.device, context)),
  });
}

/**
 * The same for a run that began: with the factors that it keeps, where it has some.
 * @throws VultuneError RUN_MODEL_CHANGED where it is not what the run began with, and as `openKeptFormat`
 */
export async function openRunModelAgain(
  run: Run,
  config: UnresolvedConfig,
  context: WorkflowContext,
): Promise<OpenModel> {
  const { weightFormat } = readRunModel(run);
  const isSmoothed = weightFormat !== undefined && factorsFingerprintOf(weightFormat) !== undefined;
  const format = isSmoothed ? await openKeptFormat(weightFormat, run.dir, config.device, context) : undefined;
  const model = await openRunModel(config, context, format);
  try {
    requireSameModel(run, model);
    return model;
  } catch (error) {
    await model.checkpoint.close();
    throw error;
  }
}

export async function runModel(config: TrainConfig, model: OpenModel): Promise<RunModel> {
  const isHere = existsSync(config.base_model);
  const initAdapter = await initialAdapter(config);
  return {
    ...modelIdentity(model),
    weightFormat: model.weights.format.name,
    weightBytes: blockWeightBytes(model),
    ...(initAdapter === undefined ? {} : { initAdapter }),
    ...(isHere ? { path: pathFrom(config.output_dir, config.base_model) } : {}),
  };
}

/** With the base model, and init_adapter, where they are now, when they were moved together with the run. */
export function withMovedModel(config: TrainConfig, run: Run): TrainConfig {
  const { path, initAdapter } = readRunModel(run);
  const { base_model: model, init_adapter: adapter } = config;
  return {
    ...config,
    base_model: findMoved(model, path, run.dir),
    init_adapter: adapter === null ? null : findMoved(adapter, initAdapter?.path, run.dir),
  };
}

const WHAT = {
  weights: 'the weights of the base model are',
  configuration: 'the config.json of the base model is',
  tokenizer: 'the tokenizer of the base model is',
} as const;

/** Throws RUN_MODEL_CHANGED: half of the steps would be of one model, half of another. */
function requireSameModel(run: Run, model: OpenModel): void {
  const expected = readRunModel(run);
  const { name } = model.weights.format;
  const heldIn = expected.weightFormat ?? 'float32';
  if (heldIn !== name) {
    throw new VultuneError(
      'RUN_MODEL_CHANGED',
      `the run began with weights in ${heldIn}, here they are in ${name}`,
      {
        where: { file: run.paths.record, name: 'weightFormat' },
        hint: "Continue it on a machine whose processor computes as the first one's, or start a new run.",
      },
    );
  }
  const part = differingPart(expected, modelIdentity(model));
  if (part === undefined) return;
  throw new VultuneError('RUN_MODEL_CHANGED', `${WHAT[part]} not what the run was started with`, {
    where: { file: model.path, name: 'base_model' },
    hint: 'A resumed run must continue with the model it started with: put its files back (revision pins one of a hub), or start a new run.',
  });
}

/** @throws VultuneError RUN_RECORD_BROKEN */
export function readRunModel({ record, paths }: Run): RunModel {
  return checkValue(runModelSchema, record.model ?? {}, { code: 'RUN_RECORD_BROKEN', file: paths.record });
}
