import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  readAllSafetensors,
  readSafetensors,
  writeSafetensors,
} from '../../../src/checkpoint/safetensors.ts';
import { planLora } from '../../../src/peft/lora-plan.ts';
import { float32, type HostTensor } from '../../../src/tensor/host-tensor.ts';
import {
  copyParameters,
  initialState,
  loadState,
  STATE_FILE,
  saveState,
  type TrainerState,
} from '../../../src/training/trainer-state.ts';
import { loraDefaults, makeModel, randomParameters, tinyConfig } from '../../support/tiny-model.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { geometry } = makeModel(tinyConfig());
const parametersOf = (seed: number, rank = 2, targets = ['q_proj']) =>
  randomParameters(geometry, planLora(geometry, { ...loraDefaults, rank, targetModules: targets }), seed);

/** In the middle of a run; numbers that JSON or float32 would not hold if they were stored otherwise. */
function midway(): TrainerState {
  const state = initialState(parametersOf(1));
  const arrays = (seed: number) => new Map([...parametersOf(seed)].map(([key, { data }]) => [key, data]));
  return {
    ...state,
    optimizer: { firstMoment: arrays(2), secondMoment: arrays(3), step: 17 },
    step: 17,
    epoch: 2,
    stepInEpoch: 3,
    epochLossNats: 0.1 + 0.2,
    epochFunctions: 12,
    epochTokens: 3456,
    epochMs: 1234.5678901234567,
    evaluationDue: true,
    evaluationsWithoutImprovement: 1,
    elapsedMs: 98765.4321,
    best: {
      step: 11,
      metric: 0.1 + 0.7,
      parameters: parametersOf(4),
      validScores: Float64Array.of(1 / 3, 0, 1, Number.MIN_VALUE),
    },
  };
}

test('what was saved is loaded, bit for bit', async () => {
  const state = midway();
  await saveState(folder, state);
  expect(readdirSync(folder)).toEqual([STATE_FILE]);
  expect(await loadState(folder, parametersOf(5))).toEqual(state);
});

test('a new state, without a best one', async () => {
  const state = initialState(parametersOf(1));
  await saveState(folder, state);
  expect(await loadState(folder, state.parameters)).toEqual(state);
});

test('the same state gives the same bytes; a later one replaces it', async () => {
  await saveState(folder, midway());
  const first = readFileSync(join(folder, STATE_FILE));
  await saveState(folder, midway());
  expect(readFileSync(join(folder, STATE_FILE)).equals(first)).toBe(true);
  const later = { ...midway(), step: 18, optimizer: { ...midway().optimizer, step: 18 } };
  await saveState(folder, later);
  expect((await loadState(folder, later.parameters)).step).toBe(18);
});

test('copies share no memory', () => {
  const parameters = parametersOf(1);
  const copy = copyParameters(parameters);
  expect(copy).toEqual(parameters);
  for (const { data } of parameters.values()) data.fill(0);
  expect(copy).toEqual(parametersOf(1));
});

describe('what is no state of this run', () => {
  async function spoiled(
    change: (tensors: Map<string, HostTensor>, metadata: Record<string, string>) => void,
  ): Promise<void> {
    await saveState(folder, midway());
    const file = join(folder, STATE_FILE);
    const tensors = await readAllSafetensors(file);
    const metadata = { ...(await readSafetensors(file)).metadata };
    change(tensors, metadata);
    await writeSafetensors(file, tensors, metadata);
  }

  const KEY = 'base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight';

  test.each([
    ['another rank', parametersOf(1, 3)],
    ['other matrices', parametersOf(1, 2, ['v_proj'])],
    ['more matrices', parametersOf(1, 2, ['q_proj', 'v_proj'])],
  ])('%s', async (_what, like) => {
    await saveState(folder, midway());
    await expect(loadState(folder, like)).rejects.toMatchObject({ code: 'CHECKPOINT_STATE' });
  });

  test.each([`parameter/${KEY}`, `first_moment/${KEY}`, `second_moment/${KEY}`, `best/${KEY}`])(
    '%s missing',
    async (name) => {
      await spoiled((tensors) => tensors.delete(name));
      await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject({
        code: 'CHECKPOINT_STATE',
        where: { file: join(folder, STATE_FILE), name },
      });
    },
  );

  test('a tensor of another shape', async () => {
    const name = `second_moment/${KEY}`;
    await spoiled((tensors) => tensors.set(name, float32([1], [0])));
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject({ where: { name } });
  });

  test.each([
    ['no counters', undefined],
    ['counters that are no JSON', '{'],
    ['counters with one missing', '{"step": 3}'],
    ['counters of another type', '[]'],
  ])('%s', async (_what, counters) => {
    await spoiled((_tensors, metadata) => {
      if (counters === undefined) delete metadata.counters;
      else metadata.counters = counters;
    });
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject({
      code: 'CHECKPOINT_STATE',
      where: { name: 'counters' },
    });
  });

  test('a best one without its scores', async () => {
    await spoiled((tensors) => tensors.delete('best_valid_scores'));
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject({
      code: 'CHECKPOINT_STATE',
      where: { name: 'best_valid_scores' },
    });
  });

  test('a file cut short', async () => {
    await saveState(folder, midway());
    const file = join(folder, STATE_FILE);
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject({
      code: expect.stringMatching(/^SAFETENSORS_/),
    });
  });
});
