/**
 * @file head_init: probe. The head starts as the logistic regression of the frozen model's pooled states, instead of from random
 * numbers (Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution").
 */
import { parameterKey } from '../../adapters/parameter-key.ts';
import { VultuneError } from '../../base/errors.ts';
import { formatMetric } from '../../base/numbers.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { fitLinearProbe, type ProbeFeatures } from '../../evaluation/probing/linear-probe.ts';
import { classifier, pooledStates } from '../../heads/classifier.ts';
import type { Head, HeadParameter } from '../../heads/head.ts';
import { soleMatrix } from '../../heads/sole-matrix.ts';
import type { Model, Pooling } from '../../model/spec.ts';
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
  readonly model: Model;
  readonly pooling: Pooling;
  /** With adapters as they begin: they change nothing yet. */
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
  readonly head: Head;
  readonly train: ProbedPart;
  readonly valid: ProbedPart;
}

/**
 * The matrix that a probe gives its first values.
 * @throws VultuneError CONFIG_HEAD_INIT for a head that is more than one matrix: a probe of the pooled states says nothing of a
 * layer in between
 */
export function requireProbeMatrix(model: Model, head: Head): HeadParameter {
  const matrix = soleMatrix(head);
  if (matrix !== undefined) return matrix;
  const layer = model.heads.encoder?.classifier.dense.name ?? head.parameters[0]?.name;
  const mean = soleMatrix(classifier(model, { classes: 2, pooling: 'mean' })) !== undefined;
  throw new VultuneError(
    'CONFIG_HEAD_INIT',
    `head_init is probe, but the head of this ${model.family} model has a layer (${layer}) before the matrix of the classes, expected that matrix alone`,
    {
      where: { name: 'head_init' },
      hint: mean ? 'Set head_init: random, or pooling: mean.' : 'Set head_init: random.',
    },
  );
}

/** Puts the probe's weights into the head's parameters of the state. Throws what {@link requireProbeMatrix} throws. */
export async function startFromProbe(
  parts: ProbeParts,
  { parameters }: Pick<TrainerState, 'parameters'>,
  context: WorkflowContext,
): Promise<void> {
  const { config, model, pooling, network, features, head, train, valid } = parts;
  const matrix = requireProbeMatrix(model, head);
  const width = matrix.shape[1]!;
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
  const { rocAuc } = probe.validation;
  context.report.note(
    `the head starts as a probe of the frozen model: validation roc_auc ${formatMetric(rocAuc)}`,
  );
  // Half of the logit each way: the softmax knows only the difference.
  const weights = parameters.get(parameterKey(matrix.name))!.data;
  for (const [i, weight] of probe.weights.entries()) {
    weights[i] = -weight / 2;
    weights[width + i] = weight / 2;
  }
  const biases = head.parameters.filter((one) => one !== matrix);
  for (const { name } of biases) parameters.get(parameterKey(name))!.data.fill(0);
}
