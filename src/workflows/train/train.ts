/** @file Starts a training: checks what it reads, opens the model, makes the run folder. */
import { resolve } from 'node:path';
import { pathFrom } from '../../base/moved-path.ts';
import { checkTrainOptions } from '../../config/load.ts';
import type { TrainOptions, UnresolvedConfig } from '../../config/train-config.ts';
import { currentEnvironment, type FileFingerprint, fingerprintFile } from '../../runs/environment.ts';
import { createRun } from '../../runs/run-folder.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import { initialState } from '../../training/trainer-state.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import { withPrompt } from './chat-question.ts';
import { type CheckedFile, checkTrainInputs } from './inputs.ts';
import { joinedWarning } from './joined-text.ts';
import { resolveLength } from './length.ts';
import { configuredQuestion, taskWarning } from './reading.ts';
import { openRunModel, runModel } from './run-model.ts';
import { firstParameters, planTraining } from './setup.ts';
import { type TrainResult, trainInto } from './train-into.ts';

/** A configuration whose data files are read and checked; the run folder is free. */
export interface TrainRequest {
  readonly config: UnresolvedConfig;
  readonly inputs: readonly CheckedFile[];
}

/**
 * Fine-tunes a language model on labelled functions. Everything that is read is checked before a model is loaded or a folder
 * is made.
 * @param options the keys of a training configuration (`vultune config keys`), with their defaults
 * @throws VultuneError `CONFIG_...`, `RUN_EXISTS`, the errors of data files and of models
 */
export async function train(options: TrainOptions, context?: Partial<WorkflowContext>): Promise<TrainResult> {
  const config = checkTrainOptions(options);
  return await startTraining({ config, inputs: await checkTrainInputs(config, context) }, context);
}

/** `train` for a configuration that has been read and checked. */
export async function startTraining(
  { config: asked, inputs }: TrainRequest,
  givenContext?: Partial<WorkflowContext>,
): Promise<TrainResult> {
  const context = workflowContext(givenContext);
  const given = withPrompt(asked);
  await requireDevice(given.device);
  const records = new Map(inputs.map((input) => [input.key, input.records]));
  for (const { path, notes = [] } of inputs) {
    for (const note of notes) context.report.note(`${path}: ${note}`);
  }
  const model = await openRunModel(given, context);
  try {
    const train = records.get('train_file')!;
    const question = await configuredQuestion(given, model);
    const ofTask = taskWarning(given);
    if (ofTask !== undefined) context.report.warn(ofTask);
    const config = resolveLength(given, model, question, train, context.report);
    const plan = planTraining(config, model, train, question);
    const parameters = await firstParameters(plan);
    const data: Record<string, FileFingerprint> = {};
    for (const { key, path, columns } of inputs) {
      const pathFromRun = pathFrom(config.output_dir, path);
      data[key] = {
        ...(await fingerprintFile(resolve(path))),
        pathFromRun,
        ...(columns === undefined ? {} : { columns }),
      };
    }
    const environment = currentEnvironment({
      versions: packageVersions(),
      device: config.device,
      ...(config.num_threads === null ? {} : { threads: config.num_threads }),
    });
    const warning = joinedWarning(config);
    const run = createRun(config.output_dir, {
      config,
      environment,
      data,
      model: runModel(config, model),
      ...(warning === undefined ? {} : { notes: [warning] }),
    });
    try {
      return await trainInto({ run, plan, records, context }, initialState(parameters));
    } finally {
      run.release();
    }
  } finally {
    await model.checkpoint.close();
  }
}
