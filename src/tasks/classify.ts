/** @file Classification: the logits of "safe" and "vulnerable" of each function, by a head trained for it. */
import { classifier } from '../heads/classifier.ts';
import type { Model, Pooling } from '../model/spec.ts';
import { classification, type Label, type LossOptions } from '../objectives/classification.ts';
import type { Loss } from '../objectives/objective.ts';
import type { Judgement, Task } from './task.ts';

/** Sum over functions of logit(vulnerable) - logit(safe). */
const MARGIN: Loss = {
  id: 'margin',
  loss: (b, logits) => {
    const margins = b.sub(b.slice(logits, 1, 1, 2), b.slice(logits, 1, 0, 1)); // [B, 1]
    return b.reduceSum(margins, [0, 1]);
  },
};

export function classifierJudgement(model: Model, pooling: Pooling): Judgement {
  return {
    head: classifier(model, { classes: 2, pooling }),
    // The softmax of two logits.
    scores: ({ data }) =>
      Float64Array.from({ length: data.length / 2 }, (_, i) => {
        return 1 / (1 + Math.exp(data[2 * i]! - data[2 * i + 1]!));
      }),
    evidence: MARGIN,
  };
}

export interface ClassifyOptions {
  readonly pooling: Pooling;
  readonly loss: LossOptions;
}

export function classify(model: Model, { pooling, loss }: ClassifyOptions): Task<Label> {
  return {
    ...classifierJudgement(model, pooling),
    name: 'classify',
    objective: classification(loss),
    target: (record) => record.target,
  };
}
