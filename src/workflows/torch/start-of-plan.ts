/**
 * @file The adapter that a plan starts from. Where its head is to start as a probe, Vultune's own engine reads the frozen model for it:
 * PyTorch gets the head's first values like any others.
 */
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import type { WorkflowContext } from '../context.ts';
import { startParameters } from '../train/init-adapter.ts';
import { type ProbedPart, startFromProbe } from '../train/probe-head.ts';
import type { TrainingPlan } from '../train/setup.ts';
import { trainingNetwork } from '../train/training-network.ts';

/** Throws what `startParameters` and `startFromProbe` throw. */
export async function startOfPlan(
  plan: TrainingPlan,
  probed: { readonly train: ProbedPart; readonly valid: ProbedPart },
  context: WorkflowContext,
): Promise<AdapterParameters> {
  const parameters = await startParameters(plan);
  const { config, model, reading, classifier } = plan;
  if (config.head_init !== 'probe') return parameters;
  const { network, features } = await trainingNetwork(plan, parameters);
  try {
    const head = { config, model: model.spec, pooling: reading.pooling, network, features, head: classifier };
    await startFromProbe({ ...head, ...probed }, { parameters }, context);
  } finally {
    await network.release();
  }
  return parameters;
}
