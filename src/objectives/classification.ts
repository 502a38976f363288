/** @file Weighted cross-entropy or focal loss of 2-class logits, summed over functions. */
import { hostTensor } from '../tensor/host-tensor.ts';
import type { Objective } from './objective.ts';

export type LossOptions =
  | { readonly kind: 'cross_entropy' }
  /** Lin et al. 2017: -(1 - p)^gamma log p, p the probability of the true class. */
  | { readonly kind: 'focal'; readonly gamma: number };

/** 1: vulnerable. */
export type Label = 0 | 1;

/** sum over functions of weight * loss(logits, label), nats. */
export function classification(loss: LossOptions): Objective<Label> {
  return {
    id: JSON.stringify(loss),
    loss: (b, logits) => {
      const isTrue = b.input('labels', 'float32', ['B', 2]);
      const weights = b.input('function_weights', 'float32', ['B']);
      const logp = b.logSoftmax(logits); // [B, 2]
      const nats = b.neg(b.reduceSum(b.mul(logp, isTrue), [1])); // [B]
      if (loss.kind === 'cross_entropy') return b.reduceSum(b.mul(weights, nats), [0]);
      // 1 - p is the other class's probability: taken from its logarithm it does not vanish where p rounds to 1.
      const otherLogp = b.reduceSum(b.mul(logp, b.sub(b.scalar(1), isTrue)), [1]); // [B]
      const focus = b.exp(b.scale(otherLogp, loss.gamma));
      return b.reduceSum(b.mul(b.mul(weights, focus), nats), [0]);
    },
    feeds: (examples, scale) => {
      const B = examples.length;
      const isTrue = new Float32Array(2 * B);
      examples.forEach(({ target }, row) => {
        isTrue[2 * row + target] = 1;
      });
      return {
        labels: hostTensor('float32', [B, 2], isTrue),
        function_weights: hostTensor(
          'float32',
          [B],
          Float32Array.from(examples, ({ weight }) => weight * scale),
        ),
      };
    },
  };
}
