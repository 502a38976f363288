/**
 * @file CodeGen: attention and MLP side by side behind one norm, neighbouring features of the first `rotary_dim` turn. The
 * fused matrix is made of shards, one a TPU of its training, each with its queries, values and keys in this order: 4 in
 * CodeGen, 8 in CodeGen2.
 */
import type { Model } from '../spec.ts';
import { readActivation } from './activation-name.ts';
import type { ConfigReader } from './config-reader.ts';
import { columns, layerNorm, layers, matrix } from './parts.ts';

export function codegen(config: ConfigReader): Model {
  const hiddenSize = config.size('n_embd', 4096);
  const headCount = config.size('n_head', 16);
  if (hiddenSize % headCount !== 0)
    throw config.unsupported('n_head', headCount, `a divisor of ${hiddenSize}`);
  const headSize = hiddenSize / headCount;
  const shards = shardCount(config);
  if (headCount % shards !== 0)
    throw config.unsupported('n_head', headCount, `a multiple of ${shards} shards`);
  const fused = matrix('attn.qkv_proj', hiddenSize, 3 * hiddenSize);
  const part = hiddenSize / shards;
  const ofShards = (place: number) =>
    columns(
      fused,
      ...Array.from(
        { length: shards },
        (_, s) => [(3 * s + place) * part, (3 * s + place + 1) * part] as const,
      ),
    );
  const rotated = config.size('rotary_dim', 64);
  if (rotated > headSize || rotated % 2 !== 0) {
    throw config.unsupported('rotary_dim', rotated, `an even number of at most ${headSize}`);
  }
  const norm = layerNorm(config.positive('layer_norm_epsilon', 1e-5));
  const feedForwardSize = config.optionalSize('n_inner') ?? 4 * hiddenSize;
  const block = {
    residual: 'parallel',
    norms: { attention: norm('ln_1'), mlp: norm('ln_1') },
    attention: {
      query: ofShards(0),
      value: ofShards(1),
      key: ofShards(2),
      output: matrix('attn.out_proj', hiddenSize, hiddenSize),
      headCount,
      keyValueHeadCount: headCount,
      headSize,
      window: undefined,
      rotary: {
        base: 10_000,
        scaling: { kind: 'default' },
        size: rotated,
        interleaved: true,
        ...(rotated < headSize && { headSize }),
      },
    },
    mlp: {
      kind: 'plain',
      activation: readActivation(config, 'activation_function', 'gelu_new'),
      up: matrix('mlp.fc_in', hiddenSize, feedForwardSize, true),
      down: matrix('mlp.fc_out', feedForwardSize, hiddenSize, true),
    },
  } as const;
  const tokens = 'transformer.wte.weight';
  const isTied = config.flag('tie_word_embeddings', false);
  // Transformers keeps a table of sines and cosines of this many positions.
  const positions = config.size('n_positions', 2048);
  return {
    family: 'codegen',
    vocabularySize: config.size('vocab_size', 50_400),
    hiddenSize,
    maxPositions: positions,
    positionLimit: positions,
    padTokenId: config.optionalInteger('pad_token_id'),
    embedding: { tokens },
    layers: layers(
      config.layerCount('n_layer'),
      (layer) => `transformer.h.${layer}.`,
      () => block,
    ),
    finalNorm: norm('transformer.ln_f'),
    heads: {
      classifier: 'score',
      languageModel: isTied ? tokens : 'lm_head.weight',
      languageModelBias: 'lm_head.bias',
      lacksClassifier: true,
    },
  };
}

/**
 * CodeGen2 has the same `model_type`, and its code, which a checkpoint only names (`auto_map`), has `mp_num` 8 where Transformers
 * has 4. Published files do not say it: what tells them apart is this code and the end-of-text token. A file that was
 * written anew may have lost the one that names the code; then it has to say it.
 */
function shardCount(config: ConfigReader): number {
  const told = config.optionalSize('mp_num');
  const namesCode = config.section('auto_map') !== undefined;
  const endsAsSecond = config.integers('eos_token_id').includes(SECOND_END);
  const isSecond = namesCode && endsAsSecond;
  const possible = isSecond ? [8] : [4, 8];
  if (told === undefined && endsAsSecond && !namesCode) {
    throw config.unsupported(
      'mp_num',
      undefined,
      `4 (CodeGen) and 8 (CodeGen2): eos_token_id ${SECOND_END} is CodeGen2's, and no auto_map names its code, so config.json has to say it`,
    );
  }
  const shards = told ?? possible[0]!;
  if (possible.includes(shards)) return shards;
  throw config.unsupported(
    'mp_num',
    shards,
    isSecond ? '8, as CodeGen2 has it' : '4, as CodeGen has it, and 8, as CodeGen2 has it',
  );
}

/** CodeGen2's end of a text; CodeGen has GPT-2's 50256. */
const SECOND_END = 2;
