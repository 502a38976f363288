/** @file llama.cpp's `modern-bert`. */
import type { GgufModel, HuggingFaceModel } from '../architecture.ts';
import { checkWholeHeadRotated, ropeParameters } from '../rope.ts';
import { attentionWindow, readSizes, rowCount, specialTokens } from './parts.ts';

/** Every third layer, the first among them, sees everything; where the file says nothing else. */
const DEFAULT_PERIOD = 3;
const DEFAULT_LOCAL_THETA = 10_000;

export function modernBert(model: GgufModel): HuggingFaceModel {
  const { metadata, shapes } = model;
  const sizes = readSizes(model);
  checkWholeHeadRotated(model, sizes.headDim);
  return {
    config: {
      model_type: 'modernbert',
      vocab_size: rowCount(model, 'token_embd.weight'),
      hidden_size: sizes.hidden,
      num_hidden_layers: sizes.layers,
      num_attention_heads: sizes.heads,
      intermediate_size: metadata.count('feed_forward_length'),
      hidden_activation: metadata.optionalText('hidden_activation') ?? 'gelu',
      max_position_embeddings: sizes.context,
      // The converter takes a key `norm_eps` for that of an RMS norm.
      norm_eps:
        metadata.optionalNumber('attention.layer_norm_epsilon') ??
        metadata.number('attention.layer_norm_rms_epsilon'),
      norm_bias: shapes.has('output_norm.bias'),
      attention_bias: shapes.has('blk.0.attn_qkv.bias'),
      mlp_bias: shapes.has('blk.0.ffn_up.bias'),
      layer_types: layerTypes(model, sizes.layers),
      // The whole window, both sides together, in the file too.
      local_attention: attentionWindow(model) ?? 2 * sizes.context,
      rope_parameters: {
        full_attention: ropeParameters(model, sizes.headDim, sizes.context),
        sliding_attention: {
          rope_type: 'default',
          rope_theta: metadata.optionalNumber('rope.freq_base_swa') ?? DEFAULT_LOCAL_THETA,
        },
      },
      ...specialTokens(model),
      tie_word_embeddings: true,
    },
    top: {
      token_embd: 'model.embeddings.tok_embeddings',
      token_embd_norm: 'model.embeddings.norm',
      output_norm: 'model.final_norm',
      cls: 'head.dense',
      'cls.norm': 'head.norm',
      'cls.output': 'classifier',
    },
    block: {
      attn_norm: 'attn_norm',
      attn_qkv: 'attn.Wqkv',
      attn_output: 'attn.Wo',
      ffn_norm: 'mlp_norm',
      ffn_up: 'mlp.Wi',
      ffn_down: 'mlp.Wo',
    },
    blockPrefix: 'model.layers.',
  };
}

/** The pattern is a period or a list, true for a layer that has the window; without a window no layer has it. */
function layerTypes(model: GgufModel, layers: number): readonly string[] {
  const { metadata } = model;
  if (attentionWindow(model) === undefined) return new Array<string>(layers).fill('full_attention');
  const flags = metadata.optionalFlags('attention.sliding_window_pattern');
  const period = metadata.optionalCount('attention.sliding_window_pattern') ?? DEFAULT_PERIOD;
  return Array.from({ length: layers }, (_, layer) =>
    (flags === undefined ? layer % period !== 0 : flags[layer]) ? 'sliding_attention' : 'full_attention',
  );
}
