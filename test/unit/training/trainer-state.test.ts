import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import {
  readAllSafetensors,
  readSafetensors,
  writeSafetensors,
} from '../../../src/checkpoint/safetensors.ts';
import { classifierJudgement } from '../../../src/tasks/classify.ts';
import { float32, type HostTensor } from '../../../src/tensor/host-tensor.ts';
import {
  hasCheckpoint,
  loadState as load,
  removeOlderCheckpoints,
  STATE_FILE,
  saveState,
} from '../../../src/training/checkpoints.ts';
import { copyParameters, initialState, type TrainerState } from '../../../src/training/trainer-state.ts';
import { loraDefaults, makeModel, randomParameters, tinyConfig } from '../../support/tiny-model.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NEXT = 'next.safetensors';

const { model } = makeModel(tinyConfig());
const parametersOf = (seed: number, rank = 2, targets = ['q_proj']) =>
  randomParameters(
    planLora(model, { ...loraDefaults, rank, targetModules: targets }),
    classifierJudgement(model, 'last'),
    seed,
  );

const loadState = async (...given: Parameters<typeof load>) => (await load(...given))!.state;

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

test('a best one whose metric is not defined stays below every number', async () => {
  const state = midway();
  const best = { ...state.best!, metric: Number.NEGATIVE_INFINITY };
  await saveState(folder, { ...state, best });
  expect((await loadState(folder, parametersOf(5))).best).toEqual(best);
});

test('a checkpoint that does not say what its dropout was drawn from is of before it was the tokens', async () => {
  // JSON leaves out what is undefined.
  await saveState(folder, { ...midway(), dropoutKey: undefined } as unknown as TrainerState);
  expect(await loadState(folder, parametersOf(5))).toEqual({ ...midway(), dropoutKey: 'function' });
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
  const broken = (name?: string) => ({
    code: 'RUN_CHECKPOINT_BROKEN',
    where: { file: join(folder, STATE_FILE), ...(name === undefined ? {} : { name }) },
    hint: expect.not.stringMatching(/download/),
  });

  const KEY = 'base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight';

  test.each([
    ['another rank', parametersOf(1, 3)],
    ['other matrices', parametersOf(1, 2, ['v_proj'])],
    ['more matrices', parametersOf(1, 2, ['q_proj', 'v_proj'])],
  ])('%s', async (_what, like) => {
    await saveState(folder, midway());
    await expect(loadState(folder, like)).rejects.toMatchObject({ code: 'RUN_CHECKPOINT_OTHER' });
  });

  test.each([`parameter/${KEY}`, `first_moment/${KEY}`, `best/${KEY}`, 'best_valid_scores'])(
    '%s missing: the checksum tells',
    async (name) => {
      await spoiled((tensors) => tensors.delete(name));
      await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject(broken());
    },
  );

  test('a tensor of another shape', async () => {
    await spoiled((tensors) => tensors.set(`second_moment/${KEY}`, float32([1], [0])));
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject(broken());
  });

  const counters = (change: object) => (metadata: Record<string, string>) => {
    metadata.counters = JSON.stringify({ ...JSON.parse(metadata.counters!), ...change });
  };
  const put = (field: string, text?: string) => (metadata: Record<string, string>) => {
    if (text === undefined) delete metadata[field];
    else metadata[field] = text;
  };
  test.each<[string, string | undefined, (metadata: Record<string, string>) => void]>([
    ['no counters', undefined, put('counters')],
    ['counters that are not JSON', undefined, put('counters', '{')],
    ['counters with one missing', 'epoch', put('counters', '{"step": 3}')],
    ['counters of another type', undefined, put('counters', '[]')],
    ['a step below 0', 'step', counters({ step: -5 })],
    ['a step that is not whole', 'step', counters({ step: 1.5 })],
    ['half an epoch', 'epoch', counters({ epoch: 0.5 })],
    ['a time below 0', 'elapsedMs', counters({ elapsedMs: -1 })],
    ['a text for a flag', 'evaluationDue', counters({ evaluationDue: 'no' })],
    ['dropout of another kind', 'dropoutKey', counters({ dropoutKey: 'moon' })],
    ['a counter too many', undefined, counters({ lives: 9 })],
    ['another step, which is possible: the checksum tells', undefined, counters({ step: 16 })],
    ['a best one that is not JSON', undefined, put('best', 'nope')],
    ['a best one that is true', undefined, put('best', 'true')],
    ['a best one without its metric', 'metric', put('best', '{"step": 3}')],
    ['no best one, which is possible: the checksum tells', undefined, put('best', 'null')],
    ['no checksum', undefined, put('sha256')],
  ])('%s', async (_what, name, change) => {
    await spoiled((_tensors, metadata) => change(metadata));
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject(broken(name));
  });

  test('one bit of the numbers flipped', async () => {
    await saveState(folder, midway());
    const file = join(folder, STATE_FILE);
    const bytes = readFileSync(file);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(file, bytes);
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject(broken());
  });

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -10)],
    ['empty', () => Buffer.alloc(0)],
    ['another file', () => Buffer.from('version https://git-lfs.github.com/spec/v1\n')],
  ])('a file that is %s', async (_what, change) => {
    await saveState(folder, midway());
    const file = join(folder, STATE_FILE);
    writeFileSync(file, change(readFileSync(file)));
    await expect(loadState(folder, parametersOf(1))).rejects.toMatchObject(broken());
  });
});

describe('the checkpoint before the last', () => {
  const later = () => ({ ...midway(), step: 18, optimizer: { ...midway().optimizer, step: 18 } });
  beforeEach(async () => {
    await saveState(folder, midway());
    await saveState(folder, later());
  });

  test('is passed over while the last one is whole', async () => {
    expect(await load(folder, parametersOf(1))).toEqual({
      state: later(),
      file: STATE_FILE,
      damage: undefined,
    });
  });

  test('is taken when the last one is damaged, and the damage is told', async () => {
    writeFileSync(join(folder, STATE_FILE), 'damaged');
    expect(await load(folder, parametersOf(1))).toMatchObject({
      state: { step: 17 },
      file: 'previous.safetensors',
      damage: { code: 'RUN_CHECKPOINT_BROKEN' },
    });
  });

  test('is taken when the last one is missing', async () => {
    rmSync(join(folder, STATE_FILE));
    expect(await load(folder, parametersOf(1))).toMatchObject({ state: { step: 17 }, damage: undefined });
  });

  test('is taken when the next one is only part of a file', async () => {
    rmSync(join(folder, STATE_FILE));
    writeFileSync(join(folder, NEXT), 'a part');
    expect(await load(folder, parametersOf(1))).toMatchObject({
      state: { step: 17 },
      file: 'previous.safetensors',
      damage: undefined,
    });
  });

  test('is not asked when the last one is of another run', async () => {
    await expect(load(folder, parametersOf(1, 3))).rejects.toMatchObject({ code: 'RUN_CHECKPOINT_OTHER' });
  });

  test('is gone when the run is finished', () => {
    removeOlderCheckpoints(folder);
    expect(readdirSync(folder)).toEqual([STATE_FILE]);
  });
});

describe('the next checkpoint, of a save that was killed before its last rename', () => {
  const later = () => ({ ...midway(), step: 18, optimizer: { ...midway().optimizer, step: 18 } });
  const read = { state: { step: 18 }, file: NEXT };
  beforeEach(async () => {
    await saveState(folder, later());
    renameSync(join(folder, STATE_FILE), join(folder, NEXT));
  });

  test('is taken before the one before the last when there is no last one', async () => {
    await saveState(folder, midway());
    await saveState(folder, later());
    renameSync(join(folder, STATE_FILE), join(folder, NEXT));
    expect(await load(folder, parametersOf(1))).toMatchObject({ ...read, damage: undefined });
  });

  test('is taken when the last one is damaged, and the damage is told', async () => {
    writeFileSync(join(folder, STATE_FILE), 'damaged');
    expect(await load(folder, parametersOf(1))).toMatchObject({
      ...read,
      damage: { code: 'RUN_CHECKPOINT_BROKEN', where: { file: join(folder, STATE_FILE) } },
    });
  });

  test('is taken when a damaged last one had become the one before', async () => {
    writeFileSync(join(folder, 'previous.safetensors'), 'damaged');
    expect(await load(folder, parametersOf(1))).toMatchObject({ ...read, damage: undefined });
  });

  test('is passed over while the last one is whole', async () => {
    const whole = readFileSync(join(folder, NEXT));
    await saveState(folder, midway());
    writeFileSync(join(folder, NEXT), whole);
    expect(await load(folder, parametersOf(1))).toMatchObject({ state: { step: 17 }, file: STATE_FILE });
  });
});

test.each([STATE_FILE, NEXT, 'previous.safetensors'])('%s alone is a state that was left', async (file) => {
  expect(await hasCheckpoint(folder)).toBe(false);
  await saveState(folder, midway());
  renameSync(join(folder, STATE_FILE), join(folder, file));
  expect(await hasCheckpoint(folder)).toBe(true);
});

test('a damaged last one is a state that was left; part of a next one, or an evaluation, is none', async () => {
  await saveState(folder, midway());
  const whole = readFileSync(join(folder, STATE_FILE));
  writeFileSync(join(folder, STATE_FILE), 'damaged');
  expect(await hasCheckpoint(folder)).toBe(true);
  rmSync(join(folder, STATE_FILE));
  writeFileSync(join(folder, NEXT), whole.subarray(0, -1));
  expect(await hasCheckpoint(folder)).toBe(false);
  await writeSafetensors(join(folder, NEXT), { valid_scores: float32([1], [0.5]) }, { step: '2' });
  expect(await hasCheckpoint(folder)).toBe(false);
});

test('a folder without a checkpoint has no state, nor has one with part of a first one', async () => {
  expect(await load(folder, parametersOf(1))).toBeUndefined();
  writeFileSync(join(folder, NEXT), 'a part');
  expect(await load(folder, parametersOf(1))).toBeUndefined();
});
