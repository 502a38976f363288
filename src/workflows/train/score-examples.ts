/** @file P(vulnerable) of functions that are trained on, by a classifier in training as it is. Labels stay outside. */
import type { FrozenFeatures } from '../../network/frozen-features.ts';
import type { Network } from '../../network/network.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import type { Example } from '../../objectives/objective.ts';
import type { TrainingPlan } from './setup.ts';

export interface ExampleScorerParts {
  readonly plan: Pick<TrainingPlan, 'config' | 'task'>;
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
  readonly examples: readonly Pick<Example<unknown>, 'ids'>[];
  readonly signal: AbortSignal;
}

/** Scores of the examples in these rows, [rows]. Throws the signal's reason when it is aborted. */
export async function scoreExamples(
  { plan: { config, task }, network, features, examples, signal }: ExampleScorerParts,
  rows: readonly number[],
  onProgress?: (functions: number) => void,
): Promise<Float64Array> {
  const ids = rows.map((row) => examples[row]!.ids);
  const logits = await scoreFunctions(network, task.head, ids, {
    tokensPerBatch: config.tokens_per_batch,
    features,
    signal,
    onProgress: ({ functions }) => onProgress?.(functions),
  });
  return task.scores(logits);
}
