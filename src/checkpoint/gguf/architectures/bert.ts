/**
 * @file llama.cpp's `bert`: BERT, and RoBERTa (CodeBERT, GraphCodeBERT, UniXcoder), which the file tells apart by the
 * vocabulary alone. The pooler is not in a GGUF.
 */
import { VultuneError } from '../../../base/errors.ts';
import type { GgufModel, HuggingFaceModel, Placement } from '../architecture.ts';
import { asStored, zeroRowsBefore } from '../tensor-layout.ts';
import { readSizes, rowCount, specialTokens } from './parts.ts';

export function bert(model: GgufModel): HuggingFaceModel {
  const type = encoderType(model);
  const sizes = readSizes(model);
  const chopped = type === 'roberta' ? positionsBefore(model) : 0;
  const { pad_token_id, ...tokens } = specialTokens(model);
  return {
    config: {
      model_type: type,
      vocab_size: rowCount(model, 'token_embd.weight'),
      hidden_size: sizes.hidden,
      num_hidden_layers: sizes.layers,
      num_attention_heads: sizes.heads,
      intermediate_size: model.metadata.count('feed_forward_length'),
      // llama.cpp computes the tanh form of it, the published models were trained with this one.
      hidden_act: 'gelu',
      max_position_embeddings: rowCount(model, 'position_embd.weight') + chopped,
      type_vocab_size: rowCount(model, 'token_types.weight'),
      layer_norm_eps: model.metadata.number('attention.layer_norm_epsilon'),
      ...tokens,
      pad_token_id: pad_token_id ?? (type === 'roberta' ? ROBERTA_PADDING : 0),
      tie_word_embeddings: true,
    },
    top: topNames(type, chopped),
    block: {
      attn_q: 'attention.self.query',
      attn_k: 'attention.self.key',
      attn_v: 'attention.self.value',
      attn_output: 'attention.output.dense',
      attn_output_norm: 'attention.output.LayerNorm',
      ffn_up: 'intermediate.dense',
      ffn_down: 'output.dense',
      layer_output_norm: 'output.LayerNorm',
    },
    blockPrefix: `${type}.encoder.layer.`,
  };
}

function topNames(type: 'bert' | 'roberta', chopped: number): Readonly<Record<string, Placement>> {
  const embeddings = `${type}.embeddings`;
  const layout = chopped === 0 ? asStored : zeroRowsBefore(chopped);
  return {
    token_embd: `${embeddings}.word_embeddings`,
    token_types: `${embeddings}.token_type_embeddings`,
    position_embd: [{ name: `${embeddings}.position_embeddings`, layout }],
    token_embd_norm: `${embeddings}.LayerNorm`,
    // A classifier's own head, which a reranker has.
    cls: 'classifier.dense',
    'cls.output': type === 'roberta' ? 'classifier.out_proj' : 'classifier',
  };
}

/** Throws GGUF_ARCHITECTURE for a vocabulary of neither. */
function encoderType({ metadata, file }: GgufModel): 'bert' | 'roberta' {
  const vocabulary = metadata.tokenizerModel() ?? 'bert';
  if (vocabulary === 'bert') return 'bert';
  if (vocabulary === 'gpt2') return 'roberta';
  const message = `${file} holds a BERT with a vocabulary of kind "${vocabulary}"; bert (BERT) and gpt2 (RoBERTa) can be read`;
  throw new VultuneError('GGUF_ARCHITECTURE', message, {
    where: { file, name: 'tokenizer.ggml.model' },
    hint: 'An XLM-RoBERTa, for example, has another tokenizer: take a model that was trained on code.',
  });
}

const ROBERTA_PADDING = 1;
/** Any more of them would be a token of the vocabulary's middle: a damaged file, not a padding token. */
const MOST_POSITIONS_BEFORE = 16;

/**
 * RoBERTa counts positions from the padding token's id + 1 on, and the converter leaves out the rows before: no token
 * has them. Zeros take their place, so that shapes and positions are Hugging Face's.
 */
function positionsBefore({ metadata, file }: GgufModel): number {
  const padding = metadata.tokenId('padding') ?? ROBERTA_PADDING;
  if (Number.isInteger(padding) && padding >= 0 && padding < MOST_POSITIONS_BEFORE) return padding + 1;
  const name = 'tokenizer.ggml.padding_token_id';
  const message = `${file}: metadata ${name} is ${padding}, expected RoBERTa's, a number below ${MOST_POSITIONS_BEFORE}`;
  throw new VultuneError('GGUF_METADATA', message, { where: { file, name } });
}
