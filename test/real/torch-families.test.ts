/**
 * @file PyTorch takes the steps that Vultune's own engine takes: each family's fixture, each kind of adapter, each pooling and
 * reduction, 30 steps without dropout; the losses and the parameters behind the last one are equal to 1e-4.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainOptions } from '../../src/config/train-config.ts';
import { FAMILY_NAMES } from '../../src/model/families/registry.ts';
import { fixturesOf } from '../support/tiny-model.ts';
import {
  differenceOf,
  plannedCommand,
  pythonWithTorch,
  runPlans,
  tinyTraining,
  trainOwn,
} from '../support/torch-training.ts';

/** chatglm runs only with code that is published with it. */
const FAMILIES = FAMILY_NAMES.filter((family) => family !== 'chatglm');

/** One token each of the fixtures' tokenizer. */
const WORDS = { label_words: ['#', '$'] as [string, string] };

const CWES = { cwe_head: true, cwe_min_examples: 4, class_weights: [1, 2] } satisfies Partial<TrainOptions>;

const CASES: readonly (readonly [string, string, Partial<TrainOptions>])[] = [
  ...FAMILIES.map((family) => [family, fixturesOf(family)[0]!, {}] as const),
  ['DoRA', 'llama', { use_dora: true }],
  ['DoRA of Conv1D', 'gpt2', { use_dora: true }],
  [
    'AdaLoRA',
    'llama',
    { finetuning_type: 'adalora', init_r: 4, target_r: 2, tinit: 4, tfinal: 8, deltaT: 2, lora_alpha: 8 },
  ],
  ['every weight', 'gpt2', { finetuning_type: 'full', learning_rate: 1e-3 }],
  ['the head alone', 'llama', { finetuning_type: 'head' }],
  ['biases of adapted matrices', 'qwen2', { bias: 'lora_only' }],
  ['a part trained whole', 'llama', { modules_to_save: ['embed_tokens'] }],
  ['the last layer', 'llama', { lora_layers: { last: 1 } }],
  ['fewer layers', 'llama', { keep_layers: 1 }],
  ['the mean over tokens', 'llama', { pooling: 'mean' }],
  ['the mean over tokens of an encoder', 'bert', { pooling: 'mean' }],
  ['the mean over tokens, told', 'modernbert', { pooling: 'mean' }],
  ['layers in the head', 'llama', { top_mlp_layers: 1 }],
  ['layers in the head of an encoder', 'roberta', { top_mlp_layers: 1 }],
  [
    'focal loss with weights',
    'llama',
    { loss: 'focal', focal_gamma: 2, class_weights: [1, 3], set_weights: { P3: 0.5 } },
  ],
  ['the sum of losses', 'llama', { loss_reduction: 'sum', learning_rate: 1e-3 }],
  ['the mean over sequences', 'llama', { loss_reduction: 'mean' }],
  ['a step per pass', 'llama', { functions_per_step: null }],
  [
    'no clipping, a rate for the head',
    'llama',
    { max_grad_norm: null, head_learning_rate: 1e-3, lr_scheduler_type: 'linear' },
  ],
  ['recomputed activations', 'llama', { activations: 'recompute' }],
  ['sliding windows', 'qwen3-window', {}],
  ['beginnings that are not shared', 'llama', { share_prefixes: false }],
  ['functions joined to one text', 'llama', { packing: 'joined' }],
  ['functions joined, learnt positions', 'gpt2', { packing: 'joined', functions_per_step: null }],
  ['the next token', 'llama', { task: 'next_token', ...WORDS }],
  ['the next token of a model with its own classifier', 'codegen', { task: 'next_token', ...WORDS }],
  [
    'the answer alone, the mean over tokens',
    'qwen2',
    { task: 'next_token', loss_on: 'answer', loss_reduction: 'mean', ...WORDS },
  ],
  ['the next token of functions joined', 'starcoder2', { task: 'next_token', packing: 'joined', ...WORDS }],
  [
    'the answer of a chat',
    'llama',
    {
      task: 'instruct',
      chat_template:
        '{% for m in messages %}<{{ m.content }}>{% endfor %}{% if add_generation_prompt %}<{% endif %}',
      prompt: { user: '({code})', answers: { yes: ['1'], no: ['0'] } },
    },
  ],
  ['a head that starts as a probe', 'llama', { head_init: 'probe' }],
  ['the shortest functions first', 'llama', { curriculum: 'length' }],
  ['unrelated functions first', 'llama', { curriculum: 'p3_first' }],
  ['the easiest functions first', 'llama', { curriculum: 'loss', head_init: 'probe' }],
  ['CWEs named too', 'llama', { ...CWES, head_learning_rate: 1e-3 }],
  ['CWEs named too by an encoder', 'roberta', CWES],
  ['CWEs named too, behind layers and the mean', 'bert', { ...CWES, top_mlp_layers: 1, pooling: 'mean' }],
  ['pairs', 'llama', { pair_loss_weight: 0.5 }],
  ['pairs of an encoder', 'roberta', { pair_loss_weight: 2, loss_reduction: 'mean', tokens_per_batch: 128 }],
];

const python = pythonWithTorch();

const folder = mkdtempSync(join(tmpdir(), 'vultune-torch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(python === undefined)('30 steps in PyTorch and in the own engine', () => {
  let codes: readonly number[] = [];
  const at = (name: string, part: string) => join(folder, name.replaceAll(/\W+/g, '-'), part);

  beforeAll(async () => {
    const commands = [];
    for (const [name, fixture, options] of CASES) {
      const request = await tinyTraining(at(name, ''), fixture, options);
      await trainOwn(await request('own', { max_steps: 30 }));
      commands.push(
        await plannedCommand(await request('torch', { max_steps: 30 }), at(name, 'plan'), at(name, 'torch')),
      );
    }
    codes = runPlans(python!, folder, commands);
  }, 1_800_000);

  test.each(CASES.map(([name], i) => [name, i] as const))('%s', async (name, i) => {
    expect(codes[i]).toBe(0);
    const start = at(name, 'plan/start/adapter_model.safetensors');
    const { steps, loss, adapter, learnt } = await differenceOf(at(name, 'own'), at(name, 'torch'), start);
    expect(steps).toEqual([30, 30]);
    expect(loss).toBeLessThan(1e-4);
    expect(adapter).toBeLessThan(1e-4);
    expect(learnt).toBeGreaterThan(1e-2);
  });
});
