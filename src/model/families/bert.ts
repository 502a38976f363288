/** @file BERT (also MiniLM and other sentence encoders): the first token goes through the pre-training's own pooler. */
import type { Model } from '../spec.ts';
import { bertLike } from './bert-like.ts';
import type { ConfigReader } from './config-reader.ts';
import { matrix } from './parts.ts';

export const bert = (config: ConfigReader): Model =>
  bertLike(config, {
    family: 'bert',
    firstPosition: 0,
    tokenTypes: 2,
    classifier: (D) => ({
      dense: matrix('bert.pooler.dense', D, D, true),
      activation: 'tanh',
      norm: { kind: 'none' },
      weights: 'base',
      ofFirstToken: true,
    }),
    classes: 'classifier',
    maskedLanguageModel: ({ hiddenSize: D, activation, norm }) => ({
      dense: matrix('cls.predictions.transform.dense', D, D, true),
      activation,
      norm: norm('cls.predictions.transform.LayerNorm'),
    }),
    vocabulary: { matrix: 'cls.predictions.decoder.weight', bias: 'cls.predictions.bias' },
  });
