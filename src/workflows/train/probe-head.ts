/**
 * @file head_init: probe. The head starts as the logistic regression of the frozen model's pooled states, instead of from random
 * numbers (Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution").
 */
import { parameterKey } from '../../adapters/adapter-parameters.ts';
import { VultuneError } from '../../base/errors.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import {
  fitLinearProbe,
  type LinearProbe,
  type ProbeFeatures,
} from '../../evaluation/probing/linear-probe.ts';
import { pooledStates } from '../../heads/classifier.ts';
import type { Head } from '../../heads/head.ts';
import type { Pooling } from '../../model/spec.ts';
import type { FrozenFeatures } from '../../network/frozen-features.ts';
import type { Network } from '../../network/network.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import type { TrainerState } from '../../training/trainer-state.ts';
import type { WorkflowContext } from '../context.ts';
import { withScoringProgress } from '../scoring-progress.ts';

export interface ProbedPart {
  readonly ids: readonly (readonly number[])[];
  /** 0 or 1 */
  readonly labels: readonly number[];
}

export interface ProbeParts {
  readonly config: TrainConfig;
  readonly pooling: Pooling;
  /** With adapters as they begin: they change nothing yet. */
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
  readonly head: Head;
  readonly train: ProbedPart;
  readonly valid: ProbedPart;
}

/**
 * Puts the probe's weights into the head's parameters of the state.
 * @throws VultuneError CONFIG_HEAD_INIT for a head that is more than one matrix
 */
export async function startFromProbe(
  parts: ProbeParts,
  { parameters }: TrainerState,
  context: WorkflowContext,
): Promise<LinearProbe> {
  const { config, pooling, network, features, head, train, valid } = parts;
  const [matrix, ...others] = head.parameters;
  const [classes, width] = matrix?.shape ?? [];
  if (
    matrix === undefined ||
    classes !== 2 ||
    width === undefined ||
    (head.matrices ?? []).length > 0 ||
    others.some(({ shape }) => shape.length > 1)
  ) {
    throw new VultuneError(
      'CONFIG_HEAD_INIT',
      `the head has ${head.parameters.length} parameters, expected one matrix for the two classes`,
      { where: { name: 'head_init' }, hint: 'Set head_init: random, or pooling: mean.' },
    );
  }
  const functions = [...train.ids, ...valid.ids];
  const { data } = await withScoringProgress('probing', functions.length, context.report, (onProgress) =>
    scoreFunctions(network, pooledStates(pooling), functions, {
      tokensPerBatch: config.tokens_per_batch,
      features,
      signal: context.signal,
      onProgress: ({ functions: done }) => onProgress(done),
    }),
  );
  const part = ({ labels }: ProbedPart, from: number): ProbeFeatures => ({
    values: data.subarray(from * width, (from + labels.length) * width),
    width,
    labels,
  });
  const probe = fitLinearProbe(part(train, 0), part(valid, train.ids.length));
  // Half of the logit each way: the softmax knows only the difference.
  const weights = parameters.get(parameterKey(matrix.name))!.data;
  for (const [i, weight] of probe.weights.entries()) {
    weights[i] = -weight / 2;
    weights[width + i] = weight / 2;
  }
  for (const { name } of others) parameters.get(parameterKey(name))!.data.fill(0);
  return probe;
}
