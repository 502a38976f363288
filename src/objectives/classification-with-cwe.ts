/**
 * @file The loss of a classifier that names CWEs too: that of its two classes, and a cross-entropy over the CWEs for the functions
 * whose CWE is among them. All others are masked: a safe function has no CWE, and a CWE outside the classes is not "another one",
 * it is one that the head cannot name.
 */
import { hostTensor } from '../tensor/host-tensor.ts';
import { classification, type Label, type LossOptions } from './classification.ts';
import type { Objective } from './objective.ts';

export interface LabelAndCwes {
  readonly label: Label;
  /** Indices of the function's CWEs among the classes, none twice; empty: it says nothing of them. */
  readonly cwes: readonly number[];
}

export interface CweLossOptions {
  /** K */
  readonly classes: number;
  /** Factor on the loss of the CWEs beside that of the two classes. */
  readonly weight: number;
}

/**
 * sum over functions of weight * (loss(logits[0..1], label) + factor * cross-entropy(logits[2..], its CWEs)), nats; of logits
 * [B, 2 + K]. A function with several CWEs is to be any of them: each has the same share of it.
 */
export function classificationWithCwe(
  loss: LossOptions,
  { classes: K, weight: factor }: CweLossOptions,
): Objective<LabelAndCwes> {
  const main = classification(loss);
  return {
    id: `${main.id} and ${K} CWEs`,
    loss: (b, logits) => {
      const shares = b.input('cwe_shares', 'float32', ['B', K]);
      const logp = b.logSoftmax(b.slice(logits, 1, 2, 2 + K)); // [B, K]
      const nats = b.neg(b.reduceSum(b.mul(logp, shares), [0, 1]));
      return b.add(main.loss(b, b.slice(logits, 1, 0, 2)), nats);
    },
    feeds: (examples, scale) => {
      const shares = new Float32Array(examples.length * K);
      for (const [row, { target, weight }] of examples.entries()) {
        for (const cwe of target.cwes) {
          shares[row * K + cwe] = (weight * scale * factor) / target.cwes.length;
        }
      }
      const ofLabels = examples.map(({ target, weight }) => ({ target: target.label, weight }));
      return {
        ...main.feeds(ofLabels, scale),
        cwe_shares: hostTensor('float32', [examples.length, K], shares),
      };
    },
  };
}

/** The loss of the two classes alone, of the same targets. */
export function classificationWithoutCwe(loss: LossOptions): Objective<LabelAndCwes> {
  const main = classification(loss);
  return {
    ...main,
    feeds: (examples, scale) =>
      main.feeds(
        examples.map(({ target, weight }) => ({ target: target.label, weight })),
        scale,
      ),
  };
}
