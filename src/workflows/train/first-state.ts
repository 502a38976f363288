/**
 * @file What a training finds out before its first step, where its configuration asks for it: a probe for the head, and how hard
 * each function is for the model that it begins with.
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Example } from '../../objectives/objective.ts';
import type { TrainerState } from '../../training/trainer-state.ts';
import type { WorkflowContext } from '../context.ts';
import { withScoringProgress } from '../scoring-progress.ts';
import { startFromProbe } from './probe-head.ts';
import type { RecordScorer } from './record-scorer.ts';
import { type ExampleScorerParts, scoreExamples } from './score-examples.ts';
import type { Learnt, TrainingPlan } from './setup.ts';

export interface FirstStateParts extends Omit<ExampleScorerParts, 'plan' | 'examples' | 'signal'> {
  readonly plan: TrainingPlan;
  readonly examples: readonly Example<Learnt>[];
  readonly validRecords: readonly LabelledRecord[];
  readonly scorer: RecordScorer;
}

/** Completes the state of a training that has done no step. Throws the signal's reason when it is aborted. */
export async function completeFirstState(
  parts: FirstStateParts,
  state: TrainerState,
  context: WorkflowContext,
): Promise<void> {
  const { plan, network, features, examples, scorer, validRecords } = parts;
  const { config, model, reading } = plan;
  if (config.head_init === 'probe') {
    await startFromProbe(
      {
        config,
        model: model.spec,
        pooling: reading.pooling,
        network,
        features,
        head: plan.classifier,
        train: { ids: examples.map(({ ids }) => ids), labels: examples.map(({ target }) => target.label) },
        valid: { ids: scorer.ids(validRecords), labels: validRecords.map(({ target }) => target) },
      },
      state,
      context,
    );
  }
  if (config.curriculum === 'loss') state.difficulty = await difficulties(parts, context);
}

/** [functions] P(wrong label) of each under the model as it is: it grows with the loss, and is at most 1. */
export async function difficulties(
  parts: Pick<FirstStateParts, 'plan' | 'network' | 'features' | 'examples'>,
  context: WorkflowContext,
): Promise<Float64Array> {
  const { examples } = parts;
  const scores = await withScoringProgress(
    'order of the curriculum',
    examples.length,
    context.report,
    (onProgress) => scoreExamples({ ...parts, signal: context.signal }, [...examples.keys()], onProgress),
  );
  return scores.map((score, i) => (examples[i]!.target.label === 1 ? 1 - score : score));
}
