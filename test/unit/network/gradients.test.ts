import type { Head, HeadParameter } from '../../../src/heads/head.ts';
import { describeGradients, HALF_SQUARES, SMALLEST } from '../../support/network-gradients.ts';

const perToken: HeadParameter = {
  name: `${SMALLEST.model.heads.classifier}.weight`,
  shape: [3, SMALLEST.model.hiddenSize],
  first: { kind: 'normal', deviation: 0.02 },
};

/** Three logits for every token: nothing like the classifier. */
const tokenHead: Head = {
  id: 'three logits a token',
  reads: 'every',
  parameters: [perToken],
  logits: ({ builder: b, parameter }, hidden) =>
    b.tanh(b.matmul(hidden, parameter(perToken), { transposeB: true })),
  feeds: () => ({}),
};

describeGradients({
  'cross-entropy, last token, a block a graph': {
    network: { blocksPerStage: 1, lora: { rank: 1 } },
    step: { loss: { kind: 'cross_entropy' } },
  },
  'focal, mean pooling, dropout, one graph': {
    network: { pooling: 'mean', lora: { rank: 1 } },
    step: { loss: { kind: 'focal', gamma: 2 }, dropout: 0.3 },
  },
  'half squares, a head on every token': {
    network: { head: tokenHead, lora: { rank: 1, layers: { last: 1 } } },
    step: { objective: HALF_SQUARES },
  },
});
