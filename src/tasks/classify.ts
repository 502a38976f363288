/** @file Classification: the logits of "safe" and "vulnerable" of each function, by a head trained for it. */
import { classifier } from '../heads/classifier.ts';
import type { Model, Pooling } from '../model/spec.ts';
import { classification, type Label, type LossOptions } from '../objectives/classification.ts';
import type { Loss, Objective } from '../objectives/objective.ts';
import type { Judgement, Task } from './task.ts';

/** Sum over functions of logit(vulnerable) - logit(safe). */
export const MARGIN: Loss = {
  id: 'margin',
  loss: (b, logits) => {
    const margins = b.sub(b.slice(logits, 1, 1, 2), b.slice(logits, 1, 0, 1)); // [B, 1]
    return b.reduceSum(margins, [0, 1]);
  },
};

/**
 * `cweClasses`: how many CWEs the head names too, in logits behind the first two; `topLayers`: its layers before the last matrix;
 * default: none.
 */
export function classifierJudgement(
  model: Model,
  pooling: Pooling,
  cweClasses = 0,
  topLayers = 0,
): Judgement {
  const width = 2 + cweClasses;
  return {
    head: classifier(model, { classes: 2, pooling, cweClasses, topLayers }),
    scores: ({ data }) => softmaxOfTwo(data, width),
    evidence: MARGIN,
  };
}

/** [B] the second's share in the softmax of the first two logits, of rows of `width` logits. */
export const softmaxOfTwo = (logits: Float32Array, width: number): Float64Array =>
  Float64Array.from({ length: logits.length / width }, (_, i) => {
    return 1 / (1 + Math.exp(logits[width * i]! - logits[width * i + 1]!));
  });

export interface ClassifyOptions {
  readonly pooling: Pooling;
  readonly loss: LossOptions;
  /** Layers of the head before its last matrix. Default: 0. */
  readonly topLayers?: number;
}

export function classify(
  model: Model,
  { pooling, loss, topLayers }: ClassifyOptions,
): Task<Label> & { readonly objective: Objective<Label> } {
  return {
    ...classifierJudgement(model, pooling, 0, topLayers),
    name: 'classify',
    objective: classification(loss),
    example: (ids, { target }) => ({ ids, target }),
  };
}
