import { classifier } from '../../../src/heads/classifier.ts';
import type { Head, HeadParameter } from '../../../src/heads/head.ts';
import { SECOND_OF_THREE_CWES } from '../../support/cwe-objective.ts';
import { describeGradients, HALF_SQUARES, SMALLEST } from '../../support/network-gradients.ts';
import { makeModel } from '../../support/tiny-model.ts';

const perToken: HeadParameter = {
  name: `${SMALLEST.model.heads.classifier}.weight`,
  shape: [3, SMALLEST.model.hiddenSize],
  first: { kind: 'normal', deviation: 0.02 },
};

/** With a layer before the matrix of the classes. */
const SMALLEST_ENCODER = makeModel({
  model_type: 'roberta',
  vocab_size: 12,
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  max_position_embeddings: 16,
  type_vocab_size: 1,
  pad_token_id: 1,
});

/** Three logits for every token: nothing like the classifier. */
const tokenHead: Head = {
  id: 'three logits a token',
  reads: 'every',
  parameters: [perToken],
  logits: ({ builder: b, parameter }, hidden) =>
    b.tanh(b.matmul(hidden, parameter(perToken), { transposeB: true })),
  feeds: () => ({}),
};

const RANKS = {
  targetRank: 1,
  initialSteps: 0,
  finalSteps: 0,
  interval: 1,
  beta1: 0.85,
  beta2: 0.85,
  orthogonalWeight: 0,
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
  'functions joined, last token, a block a graph': {
    network: { blocksPerStage: 1, lora: { rank: 1 } },
    step: { packing: 'joined', separator: 9, dropout: 0.3 },
  },
  'functions joined, mean pooling, one graph': {
    network: { pooling: 'mean', lora: { rank: 1 } },
    step: { packing: 'joined' },
  },
  // Lengths of rows are constants in DoRA's gradient, which a difference does not know: PyTorch's gradients are its check.
  AdaLoRA: {
    network: {
      lora: { rank: 2, layers: { last: 1 }, targetModules: ['q_proj', 'down_proj'], adalora: RANKS },
    },
  },
  'every parameter behind the embedding, which is float32': {
    network: { lora: { targetModules: 'none', modulesToSave: ['proj', 'norm'] }, blocksPerStage: 1 },
  },
  'two layers of the head': {
    network: {
      lora: { targetModules: 'none' },
      head: classifier(SMALLEST.model, { classes: 2, pooling: 'mean', topLayers: 2 }),
    },
  },
  'half squares, a head on every token': {
    network: { head: tokenHead, lora: { rank: 1, layers: { last: 1 } } },
    step: { objective: HALF_SQUARES },
  },
  'labels and CWEs, mean pooling': {
    network: {
      head: classifier(SMALLEST.model, { classes: 2, pooling: 'mean', cweClasses: 3 }),
      lora: { rank: 1 },
    },
    step: { objective: SECOND_OF_THREE_CWES },
  },
  'labels and CWEs behind the layer of an encoder': {
    model: SMALLEST_ENCODER,
    network: {
      head: classifier(SMALLEST_ENCODER.model, { classes: 2, pooling: 'first', cweClasses: 3 }),
      lora: { rank: 1, layers: { last: 1 } },
    },
    step: { objective: SECOND_OF_THREE_CWES },
  },
});
