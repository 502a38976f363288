/** @file Starts a training: checks what it reads, opens the model, makes the run folder. */
import { join } from 'node:path';
import { checkTrainOptions } from '../../config/load.ts';
import type { TrainOptions, UnresolvedConfig } from '../../config/train-config.ts';
import { createRun } from '../../runs/run-folder.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import { initialState } from '../../training/trainer-state.ts';
import { FACTORS_FILE, writeFactors } from '../../weights/factors-file.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { type TorchOptions, trainWithTorch } from '../torch/train-with-torch.ts';
import { withPrompt } from './chat-question.ts';
import { startParameters } from './init-adapter.ts';
import { type CheckedFile, checkTrainInputs } from './inputs.ts';
import { resolveLength } from './length.ts';
import { configuredQuestion, taskWarning } from './reading.ts';
import { openRunModel } from './run-model.ts';
import { describeRun } from './run-record.ts';
import { planTraining } from './setup.ts';
import { smoothedModel } from './smoothed-model.ts';
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
 * @param torch PyTorch takes the steps, in the processes that it says; default: Vultune's own engine does
 * @throws VultuneError `CONFIG_...`, `RUN_EXISTS`, the errors of data files and of models
 */
export async function train(
  options: TrainOptions,
  context?: Partial<WorkflowContext>,
  torch?: TorchOptions,
): Promise<TrainResult> {
  const config = checkTrainOptions(options);
  return await startTraining({ config, inputs: await checkTrainInputs(config, context) }, context, torch);
}

/** `train` for a configuration that has been read and checked. */
export async function startTraining(
  { config: asked, inputs }: TrainRequest,
  givenContext?: Partial<WorkflowContext>,
  torch?: TorchOptions,
): Promise<TrainResult> {
  const context = workflowContext(givenContext);
  const given = withPrompt(asked);
  await requireDevice(given.device);
  const records = new Map(inputs.map((input) => [input.key, input.records]));
  for (const { path, notes = [] } of inputs) {
    for (const note of notes) context.report.note(`${path}: ${note}`);
  }
  const opened = await openRunModel(given, context);
  try {
    // PyTorch rounds in its own ways.
    const model = torch === undefined ? await smoothedModel(opened, given, context) : opened;
    const train = records.get('train_file')!;
    const question = await configuredQuestion(given, model);
    const ofTask = taskWarning(given);
    if (ofTask !== undefined) context.report.warn(ofTask);
    const config = resolveLength(given, model, question, train, context.report);
    const plan = planTraining(config, model, train, question);
    const parameters = await startParameters(plan);
    const run = createRun(config.output_dir, await describeRun(config, inputs, model));
    try {
      const { factors } = model.weights.format;
      if (factors !== undefined) await writeFactors(join(run.dir, FACTORS_FILE), factors);
      const job = { run, plan, records, context };
      if (torch !== undefined) return await trainWithTorch(job, { parameters }, torch);
      return await trainInto(job, initialState(parameters));
    } catch (error) {
      // What is refused now leaves nothing that the corrected command would stumble over.
      run.withdraw([FACTORS_FILE]);
      throw error;
    } finally {
      run.release();
    }
  } finally {
    await opened.checkpoint.close();
  }
}
