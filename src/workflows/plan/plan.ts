/**
 * @file Says before a training what it will take on this machine. The configuration and the data are read and checked as `train` would,
 * of the model its configuration, tokenizer and headers alone, also where it is on the hub.
 */
import { VultuneError } from '../../base/errors.ts';
import { checkTrainOptions } from '../../config/load.ts';
import type { TrainOptions, UnresolvedConfig } from '../../config/train-config.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { type CheckOptions, checkTraining } from '../train/check-training.ts';
import { checkTrainInputs } from '../train/inputs.ts';
import type { TrainRequest } from '../train/train.ts';
import type { TrainingEstimate } from './estimate.ts';

export interface RunPlan {
  readonly config: UnresolvedConfig;
  readonly estimate: TrainingEstimate;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Says what `train` would take with these options: memory, disk and time, against what this machine has.
 * @param options the keys of a training configuration (`vultune config keys`), with their defaults
 * @throws VultuneError as `planRun`, `CONFIG_...`, and the errors of data files
 */
export async function plan(options: TrainOptions, context?: Partial<WorkflowContext>): Promise<RunPlan> {
  const config = checkTrainOptions(options);
  return await planRun({ config, inputs: await checkTrainInputs(config, context) }, context);
}

/**
 * The same for a configuration that has been read and checked.
 * @throws VultuneError what `train` would throw before its first step; PLAN_MODEL_UNKNOWN for a model that cannot be asked without
 * fetching it whole
 */
export async function planRun(
  request: TrainRequest,
  context?: Partial<WorkflowContext>,
  options: Pick<CheckOptions, 'measure' | 'memoryBytes'> = {},
): Promise<RunPlan> {
  const { config, notes, warnings, unchecked, estimate } = await checkTraining(
    request,
    workflowContext(context),
    { ...options, makesParameters: false },
  );
  if (estimate !== undefined) return { config, estimate, notes, warnings };
  throw new VultuneError('PLAN_MODEL_UNKNOWN', `the base model cannot be inspected: ${unchecked[0]}`, {
    where: { name: 'base_model' },
    hint: `Fetch it first: vultune models fetch ${config.base_model}`,
  });
}
