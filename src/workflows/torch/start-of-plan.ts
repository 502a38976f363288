/**
 * @file The adapter that a plan starts from, and how hard each function is for the model that it begins with. Where its head is to
 * start as a probe, or a curriculum is by loss, Vultune's own engine reads the model for it: PyTorch gets what comes of it.
 */
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import type { Example } from '../../objectives/objective.ts';
import type { WorkflowContext } from '../context.ts';
import { difficulties } from '../train/first-state.ts';
import { startParameters } from '../train/init-adapter.ts';
import { type ProbedPart, startFromProbe } from '../train/probe-head.ts';
import type { Learnt, TrainingPlan } from '../train/setup.ts';
import { trainingNetwork } from '../train/training-network.ts';

export interface PlanStart {
  readonly parameters: AdapterParameters;
  /** [functions] for a curriculum by loss; undefined for any other. */
  readonly difficulty: Float64Array | undefined;
}

/** Throws what `startParameters` and `startFromProbe` throw, and the signal's reason. */
export async function startOfPlan(
  plan: TrainingPlan,
  { examples, valid }: { readonly examples: readonly Example<Learnt>[]; readonly valid: ProbedPart },
  context: WorkflowContext,
): Promise<PlanStart> {
  const parameters = await startParameters(plan);
  const { config, model, reading, classifier } = plan;
  const byLoss = config.curriculum === 'loss';
  if (config.head_init !== 'probe' && !byLoss) return { parameters, difficulty: undefined };
  const { network, features } = await trainingNetwork(plan, parameters);
  try {
    if (config.head_init === 'probe') {
      const head = {
        config,
        model: model.spec,
        pooling: reading.pooling,
        network,
        features,
        head: classifier,
      };
      const train = {
        ids: examples.map(({ ids }) => ids),
        labels: examples.map(({ target }) => target.label),
      };
      await startFromProbe({ ...head, train, valid }, { parameters }, context);
    }
    const scored = { plan, network, features, examples };
    return { parameters, difficulty: byLoss ? await difficulties(scored, context) : undefined };
  } finally {
    await network.release();
  }
}
