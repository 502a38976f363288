import { describe, expect, test } from 'vitest';
import type { AdaptedMatrix } from '../../../src/adapters/adapted-matrix.ts';
import type { LoraMatrixOptions } from '../../../src/adapters/lora.ts';
import {
  type LoraOptions,
  planAdapters,
  planLora,
  requireFittingRanks,
  selectedLayers,
} from '../../../src/adapters/lora-plan.ts';
import { classifier } from '../../../src/heads/classifier.ts';
import { classifierJudgement } from '../../../src/tasks/classify.ts';
import { ENCODER_CONFIGS, loraDefaults, makeModel, tinyConfig } from '../../support/tiny-model.ts';

const { model } = makeModel(tinyConfig({ num_hidden_layers: 3 }));
const plan = (options: Partial<LoraOptions>) => planLora(model, { ...loraDefaults, ...options });
const names = (options: Partial<LoraOptions>) => plan(options).map(({ name }) => name);

/** Rank and scale, which a matrix's structure holds. */
const adapterOf = ({ structure }: AdaptedMatrix) =>
  (JSON.parse(structure) as [string, string, LoraMatrixOptions])[2];

const ROLES = [
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj',
];
const everyLayer = (...ends: readonly string[]) =>
  [0, 1, 2].flatMap((layer) => ends.map((end) => `model.layers.${layer}.${end}`));

describe('which matrices', () => {
  test.each<[string, Partial<LoraOptions>, string[]]>([
    ['all-linear', { targetModules: 'all-linear' }, everyLayer(...ROLES)],
    [
      'ends of names, in the order of the model',
      { targetModules: ['v_proj', 'q_proj'] },
      everyLayer('self_attn.q_proj', 'self_attn.v_proj'),
    ],
    ['longer ends', { targetModules: ['mlp.up_proj'] }, everyLayer('mlp.up_proj')],
    ['whole names', { targetModules: ['model.layers.2.mlp.down_proj'] }, ['model.layers.2.mlp.down_proj']],
    [
      'a regular expression for whole names',
      { targetModules: { pattern: String.raw`.*\.[01]\.self_attn\.[qk]_proj` } },
      ['0.self_attn.q', '0.self_attn.k', '1.self_attn.q', '1.self_attn.k'].map(
        (part) => `model.layers.${part}_proj`,
      ),
    ],
    [
      'the last layer',
      { targetModules: ['o_proj'], layers: { last: 1 } },
      ['model.layers.2.self_attn.o_proj'],
    ],
    [
      'a list of layers, once each and in order',
      { targetModules: ['o_proj'], layers: [2, 0, 2] },
      ['model.layers.0.self_attn.o_proj', 'model.layers.2.self_attn.o_proj'],
    ],
  ])('%s', (_what, options, expected) => {
    expect(names(options)).toEqual(expected);
  });

  test('a name fits at a dot, not in the middle of a word', () => {
    expect(() => names({ targetModules: ['proj'] })).toThrow('proj');
    expect(names({ targetModules: { pattern: 'q_proj|model.layers.0.mlp.up_proj' } })).toEqual([
      'model.layers.0.mlp.up_proj',
    ]);
  });

  test('each knows its layer, sizes and adapter', () => {
    expect(plan({ targetModules: ['down_proj'], layers: [1] })).toEqual([
      expect.objectContaining({
        layer: 1,
        name: 'model.layers.1.mlp.down_proj',
        matrix: { name: 'mlp.down_proj', inputSize: 24, outputSize: 16, bias: false },
        structure: JSON.stringify(['mlp.down_proj', 'LORA', { rank: 2, scale: 2 }]),
      }),
    ]);
  });
});

describe('rank and scale', () => {
  test.each<[string, Partial<LoraOptions>, number, number]>([
    ['alpha / r', { rank: 8, alpha: 32 }, 8, 4],
    ['rsLoRA: alpha / sqrt r', { rank: 4, alpha: 8, useRsLora: true }, 4, 4],
    ['a rank of its own', { rankPattern: { q_proj: 8 } }, 8, 0.5],
    ['an alpha of its own', { alphaPattern: { 'self_attn.q_proj': 10 } }, 2, 5],
    [
      'both, under rsLoRA',
      { rankPattern: { q_proj: 16 }, alphaPattern: { q_proj: 2 }, useRsLora: true },
      16,
      0.5,
    ],
    ['the first pattern that fits', { rankPattern: { k_proj: 3, q_proj: 5, '.*q_proj': 7 } }, 5, 0.8],
    ['a regular expression', { rankPattern: { 'layers\\.0\\..*_proj': 4 } }, 4, 1],
    ['a pattern for another layer', { rankPattern: { 'layers.1.self_attn.q_proj': 4 } }, 2, 2],
    ['a pattern for a part of a word', { rankPattern: { proj: 4 } }, 2, 2],
  ])('%s', (_what, options, rank, scale) => {
    const query = plan(options).find(({ name }) => name === 'model.layers.0.self_attn.q_proj')!;
    expect(adapterOf(query)).toEqual({ rank, scale });
  });

  test('patterns leave the others as they are', () => {
    const ranks = plan({ rankPattern: { q_proj: 8 } }).map(
      (one) => `${one.matrix.name} ${adapterOf(one).rank}`,
    );
    expect(new Set(ranks)).toEqual(
      new Set(['self_attn.q_proj 8', ...ROLES.slice(1).map((name) => `${name} 2`)]),
    );
  });
});

describe('mistakes', () => {
  test.each<[string, Partial<LoraOptions>, string, string]>([
    ['an unknown name', { targetModules: ['q_proj', 'query'] }, 'LORA_TARGET_UNKNOWN', 'query'],
    [
      'an unknown name where some layers are adapted',
      { targetModules: ['q_proj', 'query'], layers: { last: 1 } },
      'LORA_TARGET_UNKNOWN',
      'query',
    ],
    [
      'a pattern that fits nothing',
      { targetModules: { pattern: 'q_proj' } },
      'LORA_TARGET_UNKNOWN',
      'q_proj',
    ],
    [
      'a whole name of a layer that is not adapted',
      { targetModules: ['model.layers.0.mlp.up_proj'], layers: [1] },
      'LORA_TARGET_UNKNOWN',
      'up_proj',
    ],
    ['no names at all', { targetModules: [] }, 'LORA_TARGET_UNKNOWN', 'target_modules is empty'],
    ['no regular expression', { targetModules: { pattern: '(' } }, 'LORA_PATTERN', '('],
    ['no regular expression for a rank', { rankPattern: { '[': 2 } }, 'LORA_PATTERN', '['],
    ['more layers than there are', { layers: { last: 4 } }, 'LORA_LAYERS', '4'],
    ['none of the layers', { layers: { last: 0 } }, 'LORA_LAYERS', '0'],
    ['half a layer', { layers: { last: 1.5 } }, 'LORA_LAYERS', '1.5'],
    ['a layer that does not exist', { layers: [1, 3] }, 'LORA_LAYERS', '3'],
    ['a negative layer', { layers: [-1] }, 'LORA_LAYERS', '-1'],
    ['an empty list', { layers: [] }, 'LORA_LAYERS', 'empty'],
  ])('%s', (_what, options, code, says) => {
    expect(() => plan(options)).toThrow(expect.objectContaining({ code }));
    expect(() => plan(options)).toThrow(says);
  });

  test('the hint names what there is', () => {
    expect(() => plan({ targetModules: ['Wqkv'] })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('q_proj, k_proj, v_proj, o_proj') }),
    );
  });
});

test.each([
  ['all' as const, [0, 1, 2]],
  [{ last: 2 }, [1, 2]],
  [{ last: 3 }, [0, 1, 2]],
  [
    [2, 1],
    [1, 2],
  ],
])('layers %j', (selection, layers) => {
  expect(selectedLayers(selection, 3)).toEqual(layers);
});

test.each<[string, Partial<LoraOptions>]>([
  ['of names', { targetModules: { pattern: '((.+)+)+x' } }],
  ['of a rank', { rankPattern: { '((.+)+)+x': 9 } }],
])(
  'a pattern %s that would keep an engine that goes back busy for ever is matched at once',
  (_what, options) => {
    const plan = () => planLora(model, { ...loraDefaults, ...options });
    if (options.targetModules === undefined)
      expect(plan().map((one) => adapterOf(one).rank)).not.toContain(9);
    else expect(plan).toThrow(expect.objectContaining({ code: 'LORA_TARGET_UNKNOWN' }));
  },
);

test('a pattern may look ahead, as those that leave parts of a model out do', () => {
  const pattern = '^(?!.*mlp).*(?:q|v|up)_proj$';
  const names = planLora(model, { ...loraDefaults, targetModules: { pattern } }).map(({ name }) => name);
  expect(names.every((name) => /[qv]_proj$/.test(name))).toBe(true);
  expect(names.length).toBeGreaterThan(0);
});

describe('matrices of the base model in a head', () => {
  const bert = makeModel(ENCODER_CONFIGS.bert).model;
  const head = classifier(bert, { classes: 2, pooling: 'first' });
  const names = (options: Partial<LoraOptions>, pooled: typeof head | undefined = head) =>
    planLora(bert, { ...loraDefaults, ...options }, pooled).map(({ name }) => name);

  test('are adapted with the rest, behind every layer', () => {
    expect(names({}).at(-1)).toBe('bert.pooler.dense');
    expect(names({}, classifier(bert, { classes: 2, pooling: 'mean' }))).not.toContain('bert.pooler.dense');
  });

  test('are in no layer, as for PEFT’s layers_to_transform', () => {
    expect(names({ layers: [0, 1] })).not.toContain('bert.pooler.dense');
  });

  test('are meant by the end of their name', () => {
    expect(names({ targetModules: ['dense'] })).toContain('bert.pooler.dense');
    expect(names({ targetModules: ['output.dense'] })).not.toContain('bert.pooler.dense');
  });

  test('a target inside a head that is trained whole is passed over, as PEFT lists it under all-linear', () => {
    const roberta = makeModel(ENCODER_CONFIGS.roberta).model;
    const whole = classifier(roberta, { classes: 2, pooling: 'first' });
    const targets = { ...loraDefaults, targetModules: ['query', 'out_proj', 'classifier.dense'] };
    expect(planLora(roberta, targets, whole).map(({ name }) => name)).toEqual([
      'roberta.encoder.layer.0.attention.self.query',
      'roberta.encoder.layer.1.attention.self.query',
    ]);
  });
});

describe('what is left out, kept whole or too large', () => {
  test('excluded matrices, by end of name or pattern', () => {
    expect(names({ targetModules: ['q_proj'], excludeModules: ['layers.0.self_attn.q_proj'] })).not.toContain(
      'model.layers.0.self_attn.q_proj',
    );
    expect(names({ excludeModules: { pattern: String.raw`.*\.mlp\..*` } }).join()).not.toContain('mlp');
  });

  test('what is saved whole gets no adapter', () => {
    expect(names({ modulesToSave: ['mlp'] }).join()).not.toContain('mlp');
  });

  test('a list of layers by another name than the model has adapts nothing', () => {
    expect(names({ layers: [0], layersPattern: ['layers'] })).not.toEqual([]);
    expect(() => names({ layers: [0], layersPattern: ['blocks'] })).toThrow(
      expect.objectContaining({ code: 'LORA_TARGET_UNKNOWN' }),
    );
  });

  test('everything excluded is an error of its own', () => {
    expect(() => names({ targetModules: ['q_proj'], excludeModules: ['q_proj'] })).toThrow('left out');
  });

  test('a rank larger than a matrix', () => {
    const adapted = plan({ rank: 9, targetModules: ['k_proj'] });
    expect(() => requireFittingRanks(adapted, 'lora_r')).toThrow(
      expect.objectContaining({ code: 'LORA_RANK', where: { name: 'lora_r' } }),
    );
    expect(() => requireFittingRanks(plan({ rank: 8, targetModules: ['k_proj'] }), 'lora_r')).not.toThrow();
  });

  test('a module to save that the model does not have', () => {
    const { head } = classifierJudgement(model, 'last');
    const options = { ...loraDefaults, modulesToSave: ['pooler'] };
    expect(() => planAdapters(model, options, head)).toThrow(
      expect.objectContaining({ code: 'MODULES_TO_SAVE_UNKNOWN', where: { name: 'modules_to_save' } }),
    );
  });
});
