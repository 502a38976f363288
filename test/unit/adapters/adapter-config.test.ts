import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type AdapterConfig,
  formatAdapterConfig,
  parseAdapterConfig,
} from '../../../src/adapters/files/adapter-config.ts';
import { adapterConfigNotes } from '../../../src/adapters/files/adapter-config-schema.ts';
import { type LoraOptions, targetMatcher } from '../../../src/adapters/lora-plan.ts';
import { fixtureFolder, loraDefaults } from '../../support/tiny-model.ts';

const minimal = {
  peft_type: 'LORA',
  base_model_name_or_path: 'org/model',
  r: 8,
  lora_alpha: 16,
  target_modules: ['q_proj'],
};
const parse = (json: object) => parseAdapterConfig({ ...minimal, ...json }, 'adapter_config.json');

test("PEFT's own file", () => {
  const file = join(fixtureFolder('llama'), 'adapter/adapter_config.json');
  const { lora, baseModel, revision } = parseAdapterConfig(JSON.parse(readFileSync(file, 'utf8')), file);
  expect({ ...lora, targetModules: (lora.targetModules as string[]).toSorted() }).toEqual({
    rank: 4,
    alpha: 8,
    dropout: 0,
    targetModules: [0, 1].flatMap((layer) =>
      ['mlp.down', 'mlp.gate', 'mlp.up', 'self_attn.k', 'self_attn.o', 'self_attn.q', 'self_attn.v'].map(
        (name) => `model.layers.${layer}.${name}_proj`,
      ),
    ),
    layers: 'all',
    useRsLora: false,
    rankPattern: {},
    alphaPattern: {},
  });
  expect([baseModel, revision]).toEqual(['../base', undefined]);
});

test('what is left out has its default', () => {
  expect(parse({})).toEqual({
    lora: { ...loraDefaults, rank: 8, alpha: 16, targetModules: ['q_proj'] },
    baseModel: 'org/model',
    revision: undefined,
  });
});

test.each<[string, object, Partial<LoraOptions>]>([
  ['all-linear', { target_modules: 'all-linear' }, { targetModules: 'all-linear' }],
  ['a pattern', { target_modules: '.*q_proj' }, { targetModules: { pattern: '.*q_proj' } }],
  ['one layer', { layers_to_transform: 3 }, { layers: [3] }],
  ['layers', { layers_to_transform: [1, 2] }, { layers: [1, 2] }],
  ['rsLoRA', { use_rslora: true }, { useRsLora: true }],
  ['dropout', { lora_dropout: 0.05 }, { dropout: 0.05 }],
  [
    'patterns',
    { rank_pattern: { q_proj: 2 }, alpha_pattern: { v_proj: 0.5 } },
    { rankPattern: { q_proj: 2 }, alphaPattern: { v_proj: 0.5 } },
  ],
  ['matrices stored [in, out], which PEFT finds by itself', { fan_in_fan_out: true }, {}],
  ['another random start', { init_lora_weights: 'gaussian' }, {}],
])('%s', (_what, json, expected) => {
  expect(parse(json).lora).toMatchObject(expected);
});

describe('refused, by the name of the field', () => {
  test.each<[string, unknown]>([
    ['peft_type', 'LOHA'],
    ['peft_type', undefined],
    ['peft_type', 'IA3'],
    ['peft_type', 'PREFIX_TUNING'],
    ['use_dora', 'yes'],
    ['use_qalora', true],
    ['use_bdlora', { target_modules_bd_a: [] }],
    ['lora_bias', true],
    ['bias', 'some'],
    ['bias', true],
    ['layer_replication', [[0, 2]]],
    ['trainable_token_indices', [1, 2]],
    ['alora_invocation_tokens', [5]],
    ['target_parameters', ['experts.weight']],
    ['arrow_config', {}],
    ['kasa_config', {}],
    ['monteclora_config', {}],
    ['exclude_modules', 5],
    ['init_lora_weights', 'pissa'],
    ['init_lora_weights', 'pissa_niter_16'],
    ['init_lora_weights', 'olora'],
    ['init_lora_weights', 'loftq'],
    ['init_lora_weights', 'a start of a later PEFT'],
    ['init_lora_weights', 3],
    ['megatron_config', {}],
    ['layers_pattern', 5],
    ['a_later_field', true],
    ['a_later_field', 'on'],
    ['use_rslora', 'yes'],
    ['revision', 5],
    ['r', 0],
    ['r', 2.5],
    ['r', '8'],
    ['r', undefined],
    ['lora_alpha', null],
    ['lora_dropout', 1],
    ['lora_dropout', -0.1],
    ['target_modules', null],
    ['target_modules', [1]],
    ['target_modules', undefined],
    ['layers_to_transform', 'last'],
    ['layers_to_transform', ['1']],
    ['rank_pattern', 4],
    ['base_model_name_or_path', null],
  ])('%s: %j', (name, value) => {
    expect(() => parse({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'ADAPTER_CONFIG', where: { file: 'adapter_config.json', name } }),
    );
    expect(() => parse({ [name]: value })).toThrow(`"${name}"`);
  });

  test.each(['use_bdlora', 'layer_replication', 'target_parameters'])('%s that is off is none', (name) => {
    for (const off of [false, null, []]) expect(() => parse({ [name]: off })).not.toThrow();
  });
});

test.each<[string, object, string]>([
  ['a rank', { rank_pattern: { q_proj: 0 } }, 'rank_pattern.q_proj'],
  ['an alpha', { alpha_pattern: { q_proj: 'x' } }, 'alpha_pattern.q_proj'],
  ['a saved module', { modules_to_save: ['score', 5] }, 'modules_to_save.1'],
])('%s is refused by its place in the field', (_what, json, name) => {
  expect(() => parse(json)).toThrow(
    expect.objectContaining({ where: { file: 'adapter_config.json', name } }),
  );
});

describe('fields that are passed over', () => {
  test('are named where they were set, or are not known', () => {
    const json = { loftq_config: { loftq_bits: 4 }, eva_config: null, a_later_field: null };
    expect(() => parse(json)).not.toThrow();
    expect(adapterConfigNotes({ ...minimal, ...json })).toEqual([
      '"loftq_config" says how the adapter was trained and is not needed to use it',
      '"a_later_field" is not a field that Vultune knows; it is off',
    ]);
  });

  test("are none in PEFT's own file, nor in one of ours", () => {
    const file = join(fixtureFolder('llama'), 'adapter/adapter_config.json');
    expect(adapterConfigNotes(JSON.parse(readFileSync(file, 'utf8')))).toEqual([]);
    const config: AdapterConfig = { lora: loraDefaults, baseModel: 'org/model', revision: undefined };
    const own = JSON.parse(
      formatAdapterConfig(config, {
        layers: undefined,
        modules: [],
        candidates: [],
        transposed: false,
        head: 'classifier' as const,
      }),
    );
    expect(adapterConfigNotes(own)).toEqual([]);
  });
});

describe('what is written', () => {
  const MODULES = ['model.layers.2.self_attn.q_proj', 'model.layers.2.mlp.up_proj'];
  const CANDIDATES = [...MODULES];
  const config = (lora: Partial<LoraOptions>): AdapterConfig => ({
    lora: { ...loraDefaults, ...lora },
    baseModel: 'org/model',
    revision: 'abc',
  });
  const write = (lora: Partial<LoraOptions>, layers?: readonly number[], modules = MODULES) => {
    const isTarget = targetMatcher(lora.targetModules ?? 'all-linear');
    const adapted = {
      layers,
      modules: modules.filter(isTarget),
      candidates: CANDIDATES,
      transposed: false,
      head: 'classifier' as const,
    };
    return JSON.parse(formatAdapterConfig(config(lora), adapted));
  };

  test.each<[string, Partial<LoraOptions>]>([
    ['all-linear', {}],
    ['names', { targetModules: ['q_proj'] }],
    ['a pattern', { targetModules: { pattern: '.*q_proj' } }],
    ['everything else', { rank: 3, alpha: 7, dropout: 0.1, useRsLora: true }],
    ['patterns', { rankPattern: { q_proj: 1 }, alphaPattern: { q_proj: 2 } }],
  ])('%s is read back as it was', (_what, lora) => {
    expect(parseAdapterConfig(write(lora), 'file')).toEqual(config(lora));
  });

  test('names on some layers, as PEFT has them', () => {
    const json = write({ targetModules: ['q_proj'], layers: { last: 1 } }, [2]);
    expect([json.target_modules, json.layers_to_transform]).toEqual([['q_proj'], [2]]);
  });

  test.each<[string, LoraOptions['targetModules']]>([
    ['all-linear', 'all-linear'],
    ['a pattern', { pattern: '.*' }],
  ])('%s on some layers is a list of every matrix: PEFT refuses layers beside a text', (_what, targets) => {
    const json = write({ targetModules: targets, layers: { last: 1 } }, [2]);
    expect([json.target_modules, json.layers_to_transform]).toEqual([MODULES, null]);
  });

  test.each<[string, LoraOptions['targetModules']]>([
    ['all-linear', 'all-linear'],
    ['a pattern', { pattern: '.*' }],
    ['an end', ['up_proj', 'q_proj']],
  ])('%s that would make PEFT adapt more than was adapted is a list of what was', (_what, targets) => {
    const json = write({ targetModules: targets }, undefined, MODULES.slice(1));
    expect([json.target_modules, json.layers_to_transform]).toEqual([MODULES.slice(1), null]);
  });

  test('where Transformers has no class with the head: no task, and every matrix by its name', () => {
    // PEFT takes the head for one of "all-linear" where it does not know the task.
    const candidates = [...MODULES, 'score'];
    const adapted = {
      layers: undefined,
      modules: MODULES,
      candidates,
      transposed: false,
      head: 'own classifier' as const,
    };
    const written = (lora: Partial<LoraOptions>) => JSON.parse(formatAdapterConfig(config(lora), adapted));
    expect(written({})).toMatchObject({
      task_type: null,
      target_modules: MODULES,
      layers_to_transform: null,
      modules_to_save: ['score'],
    });
    expect(written({ targetModules: ['q_proj', 'up_proj'] }).target_modules).toEqual(['q_proj', 'up_proj']);
    expect(() => parseAdapterConfig(written({}), 'file')).not.toThrow();
  });

  test("names and values as in PEFT's own file", () => {
    const file = join(fixtureFolder('llama'), 'adapter/adapter_config.json');
    const peft = JSON.parse(readFileSync(file, 'utf8'));
    const ours = write({ rank: 4, alpha: 8 });
    expect(Object.keys(peft)).toEqual(expect.arrayContaining(Object.keys(ours)));
    for (const key of ['peft_type', 'task_type', 'r', 'lora_alpha', 'bias', 'modules_to_save']) {
      expect(ours[key], key).toEqual(peft[key]);
    }
  });
});
