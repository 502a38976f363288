/**
 * @file What BERT and RoBERTa share: post-norm blocks that see both sides, learned positions, one scheme of names. They differ
 * in where positions begin and in their heads.
 */
import type { EncoderHeads, HeadLayer, Model } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { layerNorm, layers, matrix, whole } from './parts.ts';

export interface BertLikeVariant {
  readonly family: 'bert' | 'roberta';
  /** Row of the first position. */
  readonly firstPosition: number;
  readonly tokenTypes: number;
  readonly classifier: (hiddenSize: number) => EncoderHeads['classifier'];
  readonly classes: string;
  readonly maskedLanguageModel: (parts: MaskedLanguageModelParts) => HeadLayer;
  /** Names of the matrix to the vocabulary where it is not the embedding, and of its bias. */
  readonly vocabulary: { readonly matrix: string; readonly bias: string };
}

export interface MaskedLanguageModelParts {
  readonly hiddenSize: number;
  readonly activation: HeadLayer['activation'];
  readonly norm: ReturnType<typeof layerNorm>;
}

export function bertLike(config: ConfigReader, variant: BertLikeVariant): Model {
  refuseVariants(config);
  const hiddenSize = config.size('hidden_size', 768);
  const headCount = config.size('num_attention_heads', 12);
  if (hiddenSize % headCount !== 0) {
    throw config.unsupported('num_attention_heads', headCount, `a divisor of ${hiddenSize}`);
  }
  const feedForwardSize = config.size('intermediate_size', 3072);
  const rows = config.size('max_position_embeddings', 512);
  const positions = rows - variant.firstPosition;
  if (positions < 1) {
    throw config.unsupported('max_position_embeddings', rows, `more than ${variant.firstPosition}`);
  }
  const norm = layerNorm(config.positive('layer_norm_eps', 1e-12));
  const activation = readActivation(config, 'hidden_act', 'gelu');
  const square = (name: string) => matrix(name, hiddenSize, hiddenSize, true);
  const block = {
    residual: 'post-norm',
    norms: { attention: norm('attention.output.LayerNorm'), mlp: norm('output.LayerNorm') },
    attention: {
      query: whole(square('attention.self.query')),
      key: whole(square('attention.self.key')),
      value: whole(square('attention.self.value')),
      output: square('attention.output.dense'),
      headCount,
      keyValueHeadCount: headCount,
      headSize: hiddenSize / headCount,
      window: undefined,
      bidirectional: true,
      rotary: undefined,
    },
    mlp: {
      kind: 'plain',
      activation,
      up: matrix('intermediate.dense', hiddenSize, feedForwardSize, true),
      down: matrix('output.dense', feedForwardSize, hiddenSize, true),
    },
  } as const;
  const prefix = `${variant.family}.`;
  const embeddings = `${prefix}embeddings`;
  const tokens = `${embeddings}.word_embeddings.weight`;
  return {
    family: variant.family,
    vocabularySize: config.size('vocab_size'),
    hiddenSize,
    maxPositions: positions,
    positionLimit: positions,
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: {
      tokens,
      positions: {
        name: `${embeddings}.position_embeddings.weight`,
        first: variant.firstPosition,
        rows: positions,
      },
      tokenTypes: {
        name: `${embeddings}.token_type_embeddings.weight`,
        rows: config.size('type_vocab_size', variant.tokenTypes),
      },
      norm: norm(`${embeddings}.LayerNorm`),
    },
    layers: layers(
      config.layerCount(),
      (layer) => `${prefix}encoder.layer.${layer}.`,
      () => block,
    ),
    finalNorm: { kind: 'none' },
    heads: {
      classifier: 'classifier',
      languageModel: config.flag('tie_word_embeddings', true) ? tokens : variant.vocabulary.matrix,
      languageModelBias: variant.vocabulary.bias,
      encoder: {
        pooling: 'first',
        poolsAsConfigured: false,
        classifier: variant.classifier(hiddenSize),
        classes: variant.classes,
        maskedLanguageModel: variant.maskedLanguageModel({ hiddenSize, activation, norm }),
      },
    },
  };
}

function refuseVariants(config: ConfigReader): void {
  for (const key of ['is_decoder', 'add_cross_attention']) {
    if (config.flag(key, false)) throw config.unsupported(key, true, 'false: an encoder of one text');
  }
  const positions = config.text('position_embedding_type', 'absolute');
  if (positions !== 'absolute') throw config.unsupported('position_embedding_type', positions, 'absolute');
}
