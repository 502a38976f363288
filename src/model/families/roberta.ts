/**
 * @file RoBERTa (CodeBERT, GraphCodeBERT, UniXcoder, ContraBERT, LineVul): positions begin behind the padding token's row, and
 * the classifier has a layer of its own.
 */
import type { Model } from '../spec.ts';
import { bertLike } from './bert-like.ts';
import type { ConfigReader } from './config-reader.ts';
import { matrix } from './parts.ts';

export function roberta(config: ConfigReader): Model {
  const padTokenId = config.optionalInteger('pad_token_id') ?? 1;
  const rows = config.size('max_position_embeddings', 512);
  if (padTokenId < 0 || padTokenId >= rows) {
    throw config.unsupported('pad_token_id', padTokenId, `one of the ${rows} rows of the positions`);
  }
  return bertLike(config, {
    family: 'roberta',
    firstPosition: padTokenId + 1,
    tokenTypes: 2,
    classifier: (D) => ({
      dense: matrix('classifier.dense', D, D, true),
      activation: 'tanh',
      norm: { kind: 'none' },
      weights: 'head',
      // PEFT restores the module whole or not at all, so the mean goes through all of it too.
      ofFirstToken: false,
    }),
    classes: 'classifier.out_proj',
    maskedLanguageModel: ({ hiddenSize: D, norm }) => ({
      dense: matrix('lm_head.dense', D, D, true),
      activation: 'gelu',
      norm: norm('lm_head.layer_norm'),
    }),
    vocabulary: { matrix: 'lm_head.decoder.weight', bias: 'lm_head.bias' },
  });
}
