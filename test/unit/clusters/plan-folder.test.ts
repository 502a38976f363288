/** @file The plan folder as files: what is in it, that it is the same each time, and that the Python beside it reads this format. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { PLAN_FORMAT_VERSION, PYTHON_FOLDER } from '../../../src/clusters/plan-folder.ts';
import { openRun } from '../../../src/runs/run-folder.ts';
import { planForClusters } from '../../../src/workflows/torch/plan-for-clusters.ts';
import { readText, tinyTraining } from '../../support/torch-training.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-plan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const planOf = (name: string) => JSON.parse(readText(join(folder, name, 'plan.json')));

describe('a plan folder', () => {
  test('holds steps, functions, the first adapter, its runner, and run.json; twice the same bytes', async () => {
    const request = await tinyTraining(folder, 'llama', { class_weights: [1, 3], max_steps: 7 });
    const { totalSteps, functions } = await planForClusters(await request('run'), join(folder, 'a'));
    await planForClusters(await request('run'), join(folder, 'b'));
    expect([totalSteps, functions]).toEqual([7, 40]);
    const plan = planOf('a');
    expect(plan).toMatchObject({
      formatVersion: PLAN_FORMAT_VERSION,
      stepsPerEpoch: Array(6).fill(5),
      warmupSteps: 3,
      model: { family: 'llama', layout: 'packed', pooling: 'last', head: 'score' },
    });
    expect(plan.steps).toHaveLength(7);
    expect(readText(join(folder, 'a/plan.json'))).toBe(readText(join(folder, 'b/plan.json')));
    for (const [name, digest] of Object.entries(plan.files)) {
      const found = createHash('sha256')
        .update(readFileSync(join(folder, 'a', name)))
        .digest('hex');
      expect(found, name).toBe(digest);
    }
    expect(existsSync(join(folder, 'a/run_plan.py'))).toBe(true);
    expect(openRun(join(folder, 'a')).record.config).toMatchObject({ max_steps: 7 });
    const tensors = await readAllSafetensors(join(folder, 'a/functions.safetensors'));
    const weights = Array.from(tensors.get('train.weights')!.data, Number);
    expect(weights).toEqual(Array.from({ length: 40 }, (_, i) => (i % 2 === 1 ? 3 : 1)));
    expect(tensors.get('train.offsets')!.shape).toEqual([41]);
    expect(Number(tensors.get('train.offsets')!.data[40])).toBe(tensors.get('train.tokens')!.data.length);
  });

  test("AdaLoRA's values, all 0 at first, are in the adapter that training starts from", async () => {
    const request = await tinyTraining(folder, 'llama', {
      finetuning_type: 'adalora',
      init_r: 4,
      target_r: 2,
    });
    await planForClusters(await request('run'), join(folder, 'plan'));
    const tensors = await readAllSafetensors(join(folder, 'plan/start/adapter_model.safetensors'));
    const values = [...tensors].filter(([key]) => key.endsWith('lora_E'));
    expect(values.length).toBeGreaterThan(0);
    for (const [, { shape, data }] of values) {
      expect(shape).toEqual([4, 1]);
      expect([...data].every((value) => value === 0)).toBe(true);
    }
  });

  test('is not written over another folder', async () => {
    const request = await tinyTraining(folder, 'llama');
    await expect(planForClusters(await request('run'), folder)).rejects.toMatchObject({
      code: 'PLAN_EXISTS',
    });
  });

  test.each([['active_sampling', { active_sampling: 5 }]])(
    'what only the own engine does is refused: %s',
    async (key, options) => {
      const request = await tinyTraining(folder, 'llama', options);
      await expect(planForClusters(await request('run'), join(folder, 'plan'))).rejects.toMatchObject({
        code: 'TORCH_CONFIG_UNSUPPORTED',
        where: { name: key },
      });
    },
  );

  test("where the language model answers: each token's next one, and the answers' first tokens", async () => {
    const words = { task: 'next_token' as const, label_words: ['#', '$'] as [string, string] };
    const request = await tinyTraining(folder, 'llama', { ...words, loss_on: 'answer', packing: 'joined' });
    await planForClusters(await request('run'), join(folder, 'plan'));
    const { model } = planOf('plan');
    expect(model.answers).toHaveLength(2);
    expect(model.separator).toEqual(expect.any(Number));
    const tensors = await readAllSafetensors(join(folder, 'plan/functions.safetensors'));
    const [tokens, next, offsets] = ['tokens', 'next', 'offsets'].map((part) =>
      Array.from(tensors.get(`train.${part}`)!.data, Number),
    );
    for (const [i, start] of offsets!.slice(0, -1).entries()) {
      const learnt = next!.slice(start, offsets![i + 1]);
      // The answer and the end of text; the answer is also the last token that is read.
      expect(learnt.slice(-2)).toEqual([model.answers[i % 2], model.separator]);
      expect(tokens![offsets![i + 1]! - 1]).toBe(model.answers[i % 2]);
      expect(learnt.slice(0, -2).every((token) => token === -1)).toBe(true);
    }
  });

  test('a head that is to start as a probe starts so, and is evaluated first', async () => {
    const head = async (options: object) => {
      const request = await tinyTraining(join(folder, 'x'), 'llama', options);
      const out = join(folder, JSON.stringify(options).length.toString());
      await planForClusters(await request('run'), out);
      const tensors = await readAllSafetensors(join(out, 'start/adapter_model.safetensors'));
      const key = [...tensors.keys()].find((name) => name.includes('score'))!;
      return {
        weights: Array.from(tensors.get(key)!.data, Number),
        plan: JSON.parse(readText(join(out, 'plan.json'))),
      };
    };
    const [random, probed] = [await head({}), await head({ head_init: 'probe' })];
    const half = probed.weights.length / 2;
    expect(probed.weights.slice(0, half)).toEqual(probed.weights.slice(half).map((weight) => -weight));
    expect(random.weights.slice(0, half)).not.toEqual(random.weights.slice(half).map((weight) => -weight));
    expect([random, probed].map(({ plan }) => plan.model.evaluatesOnStart)).toEqual([false, true]);
  });

  test('a curriculum by loss: how hard each function is, and the easiest ones in the first step', async () => {
    const request = await tinyTraining(folder, 'llama', { curriculum: 'loss', head_init: 'probe' });
    await planForClusters(await request('run'), join(folder, 'plan'));
    const tensors = await readAllSafetensors(join(folder, 'plan/functions.safetensors'));
    const difficulty = Array.from(tensors.get('difficulty')!.data, Number);
    expect(difficulty).toHaveLength(40);
    const mean = (step: { passes: { functions: number[] }[] }) => {
      const functions = step.passes.flatMap((one) => one.functions);
      return functions.reduce((sum, i) => sum + difficulty[i]!, 0) / functions.length;
    };
    const { steps } = planOf('plan');
    expect(mean(steps[0])).toBeLessThan(mean(steps[4]));
  });

  test('a head that names CWEs: its first values beside the adapter, and what part each has in a function', async () => {
    const request = await tinyTraining(folder, 'llama', { cwe_head: true, cwe_min_examples: 4 });
    await planForClusters(await request('run'), join(folder, 'plan'));
    const first = await readAllSafetensors(join(folder, 'plan/start/cwe_head.safetensors'));
    expect([...first.values()].map(({ shape }) => shape.length)).toEqual(expect.arrayContaining([1, 2]));
    const tensors = await readAllSafetensors(join(folder, 'plan/functions.safetensors'));
    const shares = tensors.get('train.cwe_shares')!;
    expect(shares.shape).toEqual([40, 2]);
    // Safe functions have none.
    expect(Array.from(shares.data, Number).slice(0, 8)).toEqual([0, 0, 1, 0, 0, 0, 0, 1]);
    const { model } = planOf('plan');
    expect(model.headKeys).toEqual(expect.arrayContaining([...first.keys()]));
    const adapter = await readAllSafetensors(join(folder, 'plan/start/adapter_model.safetensors'));
    expect([...adapter.keys()].some((key) => first.has(key))).toBe(false);
  });

  test('a loss of pairs: the fixed version of each vulnerable function, in the same pass', async () => {
    const request = await tinyTraining(folder, 'llama', { pair_loss_weight: 1 });
    await planForClusters(await request('run'), join(folder, 'plan'));
    const tensors = await readAllSafetensors(join(folder, 'plan/functions.safetensors'));
    const fixed = Array.from(tensors.get('train.fixed_versions')!.data, Number);
    const paired = fixed.flatMap((one, i) => (one < 0 ? [] : [[i, one] as const]));
    // Functions 2k and 2k + 1, where neither has the set P3.
    expect(paired.slice(0, 3)).toEqual([
      [1, 0],
      [7, 6],
      [13, 12],
    ]);
    for (const { passes } of planOf('plan').steps) {
      for (const { functions } of passes) {
        for (const [vulnerable, safe] of paired) {
          expect(functions.includes(vulnerable)).toBe(functions.includes(safe));
        }
      }
    }
  });

  test('a model whose code is published with it is refused', async () => {
    const request = await tinyTraining(folder, 'chatglm');
    await expect(planForClusters(await request('run'), join(folder, 'plan'))).rejects.toMatchObject({
      code: 'TORCH_CONFIG_UNSUPPORTED',
    });
  });

  test('encoders are laid out as rows', async () => {
    const request = await tinyTraining(folder, 'roberta');
    await planForClusters(await request('run'), join(folder, 'plan'));
    expect(planOf('plan').model).toMatchObject({ layout: 'rows', head: 'classifier', takesTokens: true });
  });
});

describe('the Python that is shipped', () => {
  test('reads this version of the format', () => {
    const version = /^FORMAT_VERSION = (\d+)$/m.exec(
      readText(join(PYTHON_FOLDER, 'vultune_torch/plan.py')),
    )?.[1];
    expect(Number(version)).toBe(PLAN_FORMAT_VERSION);
  });

  test('run_plan.py names the versions of requirements.txt (PEP 723)', () => {
    const pinned = readText(join(PYTHON_FOLDER, 'requirements.txt'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const header = /^# \/\/\/ script\n([\s\S]*?)^# \/\/\/$/m.exec(
      readText(join(PYTHON_FOLDER, 'run_plan.py')),
    )![1]!;
    const named = [...header.matchAll(/"([\w.-]+==[\w.]+)"/g)].map(([, one]) => one);
    expect(new Set(named)).toEqual(new Set(pinned));
  });
});
