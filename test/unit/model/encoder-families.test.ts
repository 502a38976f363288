/** @file BERT, RoBERTa and ModernBERT read out of config.json: what differs between them, and what is refused. */
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint.ts';
import { readModel, storedNames } from '../../../src/model/families/registry.ts';
import type { Model } from '../../../src/model/spec.ts';
import { ENCODER_CONFIGS, ENCODER_NAMES, type EncoderName } from '../../support/tiny-model.ts';

const read = (name: EncoderName, changed: object = {}) =>
  readModel({ ...ENCODER_CONFIGS[name], ...changed }, 'config.json');

/** The model's names of a file's tensors. */
const namesOf = (model: Model, stored: readonly string[]) => [
  ...storedNames({ tensors: new Map(stored.map((name) => [name, {}])) } as never as Checkpoint, model).keys(),
];

const refused = (name: EncoderName, changed: object, key: string) => {
  expect(() => read(name, changed)).toThrow(
    expect.objectContaining({
      code: 'MODEL_FEATURE_UNSUPPORTED',
      where: { file: 'config.json', name: key },
    }),
  );
};

describe('positions', () => {
  test('BERT counts from row 0', () => {
    const model = read('bert');
    expect(model.embedding.positions).toMatchObject({ first: 0, rows: 64 });
    expect([model.maxPositions, model.positionLimit]).toEqual([64, 64]);
  });

  test.each([
    [{}, 2],
    [{ pad_token_id: 4 }, 5],
    [{ pad_token_id: undefined }, 2],
    [{ pad_token_id: 0 }, 1],
  ])('RoBERTa counts from behind the padding token: %j', (changed, first) => {
    const model = read('roberta', changed);
    expect(model.embedding.positions).toMatchObject({ first, rows: 66 - first });
    expect(model.positionLimit).toBe(66 - first);
  });

  test('ModernBERT has none: it turns', () => {
    const model = read('modernbert', { max_position_embeddings: 500 });
    expect(model.embedding.positions).toBeUndefined();
    expect([model.maxPositions, model.positionLimit]).toEqual([500, undefined]);
  });
});

describe('norms', () => {
  test.each(['bert', 'roberta'] as const)('%s: layer_norm_eps, 1e-12 where nothing is said', (name) => {
    const epsilonOf = (changed: object) =>
      read(name, changed).layers[0]!.block.norms.mlp as { epsilon: number };
    expect(epsilonOf({}).epsilon).toBe(1e-12);
    expect(epsilonOf({ layer_norm_eps: 1e-5 }).epsilon).toBe(1e-5);
  });

  test('ModernBERT: none before the attention of the first block, and without biases', () => {
    const [first, second] = read('modernbert').layers;
    expect(first!.block.norms.attention).toEqual({ kind: 'none' });
    expect(second!.block.norms.attention).toEqual({
      kind: 'layer',
      name: 'attn_norm',
      epsilon: 1e-5,
      bias: false,
    });
  });
});

describe('ModernBERT’s layers', () => {
  const attentions = (changed: object) =>
    read('modernbert', { num_hidden_layers: 4, local_attention: 128, ...changed }).layers.map(
      ({ block: { attention } }) => [attention.window, attention.rotary!.base],
    );
  const [whole, sliding] = [
    [undefined, 160_000],
    [64, 10_000],
  ];

  test('every third sees everything where nothing is said', () => {
    expect(attentions({})).toEqual([whole, sliding, sliding, whole]);
  });

  test('global_attn_every_n_layers and the two thetas of older files', () => {
    const changed = { global_attn_every_n_layers: 2, global_rope_theta: 5, local_rope_theta: 7 };
    expect(attentions(changed)).toEqual([
      [undefined, 5],
      [64, 7],
      [undefined, 5],
      [64, 7],
    ]);
  });

  test('layer_types and rope_parameters of newer ones', () => {
    const changed = {
      layer_types: ['sliding_attention', 'full_attention', 'full_attention', 'sliding_attention'],
      rope_parameters: { full_attention: { rope_theta: 9 }, sliding_attention: { rope_theta: 8 } },
    };
    expect(attentions(changed)).toEqual([
      [64, 8],
      [undefined, 9],
      [undefined, 9],
      [64, 8],
    ]);
  });

  test('the activation is on the first half of Wi', () => {
    const { mlp } = read('modernbert').layers[0]!.block;
    expect(mlp).toMatchObject({ kind: 'gated', gate: { columns: [[0, 24]] }, up: { columns: [[24, 48]] } });
  });
});

describe('heads', () => {
  test.each(ENCODER_NAMES)('%s: every attention sees both sides', (name) => {
    expect(read(name).layers.every(({ block }) => block.attention.bidirectional)).toBe(true);
  });

  test('classifier_pooling decides what ModernBERT pools', () => {
    expect(read('modernbert').heads.encoder!.pooling).toBe('first');
    expect(read('modernbert', { classifier_pooling: 'mean' }).heads.encoder!.pooling).toBe('mean');
  });

  test('an own matrix to the vocabulary where it is not tied', () => {
    const untied = { tie_word_embeddings: false };
    expect(ENCODER_NAMES.map((name) => read(name, untied).heads.languageModel)).toEqual([
      'cls.predictions.decoder.weight',
      'lm_head.decoder.weight',
      'decoder.weight',
    ]);
  });
});

describe('refused', () => {
  test.each<[EncoderName, object, string]>([
    ['bert', { position_embedding_type: 'relative_key' }, 'position_embedding_type'],
    ['bert', { is_decoder: true }, 'is_decoder'],
    ['roberta', { add_cross_attention: true }, 'add_cross_attention'],
    ['roberta', { max_position_embeddings: 2 }, 'max_position_embeddings'],
    ['roberta', { pad_token_id: -1 }, 'pad_token_id'],
    ['roberta', { pad_token_id: 9999 }, 'pad_token_id'],
    ['bert', { num_attention_heads: 5 }, 'num_attention_heads'],
    ['bert', { hidden_act: 'selu' }, 'hidden_act'],
    ['modernbert', { num_attention_heads: 5 }, 'num_attention_heads'],
    ['modernbert', { num_attention_heads: 16 }, 'num_attention_heads'],
    ['modernbert', { layer_types: ['full_attention', 'chunked'] }, 'layer_types'],
    ['modernbert', { classifier_pooling: 'max' }, 'classifier_pooling'],
    ['modernbert', { rope_parameters: { rope_type: 'default', rope_theta: 500 } }, 'rope_parameters'],
    ['modernbert', { rope_parameters: { full_atention: {} } }, 'rope_parameters'],
    ['modernbert', { rope_parameters: { full_attention: { rope_type: 'yarn' } } }, 'rope_parameters'],
  ])('%s with %j', refused);
});

describe('names of files', () => {
  test('the first BERT called a norm’s parameters gamma and beta', () => {
    const names = ['bert.embeddings.LayerNorm.gamma', 'bert.encoder.layer.0.output.LayerNorm.beta'];
    expect(namesOf(read('bert'), ['bert.embeddings.word_embeddings.weight', ...names])).toEqual([
      'bert.embeddings.word_embeddings.weight',
      'bert.embeddings.LayerNorm.weight',
      'bert.encoder.layer.0.output.LayerNorm.bias',
    ]);
  });

  test('a file of the base model alone lacks the prefix; heads never have it', () => {
    const stored = [
      'embeddings.tok_embeddings.weight',
      'layers.0.attn.Wqkv.weight',
      'head.dense.weight',
      'decoder.bias',
    ];
    expect(namesOf(read('modernbert'), stored)).toEqual([
      'model.embeddings.tok_embeddings.weight',
      'model.layers.0.attn.Wqkv.weight',
      'head.dense.weight',
      'decoder.bias',
    ]);
  });
});
