/**
 * @file The pairwise ranking loss beside a classifier's own: a vulnerable function is to have a higher score than its fixed version
 * (Burges et al. 2005, "Learning to rank using gradient descent", RankNet's loss with a known order).
 */
import { invariant } from '../base/errors.ts';
import { hostTensor, int64 } from '../tensor/host-tensor.ts';
import type { Objective } from './objective.ts';

/**
 * main's loss + weight * sum over pairs of -log sigmoid(s(vulnerable) - s(fixed)), nats, where s = logit 1 - logit 0. Both functions
 * of a pair are in one sequence; a pair counts `weight`, whatever its functions' own weights are, and `scale` as their losses do.
 * @param main of logits [B, C], the first two those of safe and vulnerable
 */
export function withPairRanking<Target>(main: Objective<Target>, weight: number): Objective<Target> {
  return {
    id: `${main.id} and pairs`,
    loss: (b, logits) => {
      const partners = b.input('pair_partners', 'int64', ['B']);
      const weights = b.input('pair_weights', 'float32', ['B']);
      const two = b.slice(logits, 1, 0, 2); // [B, 2]
      // The softmax of the two differences is the sigmoid of the difference of the margins.
      const logp = b.logSoftmax(b.sub(two, b.gather(two, partners))); // [B, 2]
      const nats = b.neg(b.reduceSum(b.slice(logp, 1, 1, 2), [1])); // [B]
      return b.add(main.loss(b, logits), b.reduceSum(b.mul(weights, nats), [0]));
    },
    feeds: (examples, scale) => {
      const fixedRows = new Map<number, number>();
      for (const [row, { pair }] of examples.entries()) {
        if (pair !== undefined && !pair.isVulnerable) fixedRows.set(pair.number, row);
      }
      const partners = [...examples.keys()];
      const weights = new Float32Array(examples.length);
      for (const [row, { pair }] of examples.entries()) {
        if (pair?.isVulnerable !== true) continue;
        const partner = fixedRows.get(pair.number);
        invariant(partner !== undefined, `pair ${pair.number} is cut: its functions are in two sequences`);
        partners[row] = partner;
        weights[row] = weight * scale;
      }
      return {
        ...main.feeds(examples, scale),
        pair_partners: int64([examples.length], partners),
        pair_weights: hostTensor('float32', [examples.length], weights),
      };
    },
  };
}
