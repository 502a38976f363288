/** @file curriculum, active_sampling and pair_loss_weight from a configuration: what they change, what they refuse, what a resumed run has of them. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { STATE_FILE } from '../../../src/training/checkpoints.ts';
import { resumeTraining } from '../../../src/workflows/train/resume.ts';
import { type SmallTraining, smallTraining } from '../../support/small-training.ts';

/** P1 and P2 in pairs, then as many of P3. */
const functions = (part: string, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const set = i >= count / 2 ? 'P3' : i % 2 === 0 ? 'P1' : 'P2';
    return {
      code: `${part}${'x'.repeat(i % 5)}${i}(){${set === 'P1' ? 'zzz' : 'qqq'}()}`,
      target: set === 'P1' ? 1 : 0,
      id: `${part}${i}`,
      set,
      ...(set === 'P3' ? {} : { pair: `${part}${i >> 1}` }),
    };
  });

let small: SmallTraining;
const weights = async (run: string) =>
  [...(await readAllSafetensors(small.at(run, 'adapter/adapter_model.safetensors')))].map(
    ([key, { data }]): [string, number[]] => [key, Array.from(data, Number)],
  );
const lossesOf = (run: string) =>
  readFileSync(small.at(run, 'events.jsonl'), 'utf8')
    .split('\n')
    .flatMap((line) =>
      line.includes('"type":"step"') ? [(JSON.parse(line) as { lossNats: number }).lossNats] : [],
    );

beforeAll(async () => {
  small = smallTraining({ train: functions('t', 24), valid: functions('v', 12) });
  await small.train('plain');
}, 120_000);
afterAll(() => small.remove());

describe.each<[string, object]>([
  ['length', { curriculum: 'length' }],
  ['p3', { curriculum: 'p3_first' }],
  ['loss', { curriculum: 'loss', head_init: 'probe' }],
  ['active', { active_sampling: 2 }],
  ['pairs', { pair_loss_weight: 1, functions_per_step: 5 }],
  ['all', { curriculum: 'p3_first', active_sampling: 3, pair_loss_weight: 0.5, cwe_head: true }],
])('%s', (name, options) => {
  test('a run that is stopped and resumed ends in the bits of one that is not, and not in those of a plain one', async () => {
    expect((await small.train(name, options)).status).toBe('finished');
    expect((await small.train(`${name}-halved`, options, 3)).status).toBe('interrupted');
    await resumeTraining({ run: small.at(`${name}-halved`) });
    expect(await weights(`${name}-halved`)).toEqual(await weights(name));
    expect(lossesOf(`${name}-halved`)).toEqual(lossesOf(name));
    expect(lossesOf(name)).not.toEqual(lossesOf('plain'));
  }, 120_000);
});

test('a curriculum by loss is of the probabilities that the model at the start gives the wrong labels', async () => {
  const train = functions('t', 24);
  // The same functions are scored as validation before the first step, and no step moves anything.
  const same = smallTraining({ train, valid: train });
  const still = { max_steps: 1, learning_rate: 1e-30, weight_decay: 0 };
  await same.train('run', { ...still, curriculum: 'loss', head_init: 'probe', save_steps: 1 });
  const state = await readAllSafetensors(same.at('run/checkpoints', STATE_FILE));
  const scores = Array.from(state.get('best_valid_scores')!.data, Number);
  const wrong = scores.map((score, i) => (train[i]!.target === 1 ? 1 - score : score));
  const difficulty = Array.from(state.get('difficulty')!.data, Number);
  expect(difficulty).toHaveLength(24);
  for (const [i, found] of difficulty.entries()) expect(found).toBeCloseTo(wrong[i]!, 5);
  same.remove();
}, 60_000);

describe('data that a key has nothing to do with', () => {
  test.each<[string, object]>([
    ['curriculum', { curriculum: 'p3_first' }],
    ['active_sampling', { active_sampling: 2 }],
    ['pair_loss_weight', { pair_loss_weight: 1 }],
  ])('%s is refused by its name', async (key, options) => {
    const bare = functions('t', 24).map(({ set: _set, pair: _pair, ...one }) => one);
    const other = smallTraining({
      train: bare,
      valid: bare.map((one) => ({ ...one, code: `v${one.code}` })),
    });
    await expect(other.check(options)).rejects.toMatchObject({
      code: 'DATASET_KIND_MISSING',
      where: { name: key },
      hint: expect.stringContaining(key),
    });
    other.remove();
  });
});

describe('active sampling that would choose nothing is refused', () => {
  const code = 'CONFIG_ACTIVE_SAMPLING';
  // 24 functions, 6 a step, 2 epochs.
  test.each([8, 1000])(
    'every %i of 8 steps',
    async (every) => {
      const expected = {
        code,
        where: { name: 'active_sampling' },
        message: expect.stringContaining('8 optimiser steps'),
      };
      await expect(small.check({ active_sampling: every })).rejects.toMatchObject(expected);
      await expect(small.train(`every-${every}`, { active_sampling: every })).rejects.toMatchObject(expected);
    },
    60_000,
  );

  test('by max_steps before anything is opened', async () => {
    await expect(small.check({ active_sampling: 3, max_steps: 3 })).rejects.toMatchObject({
      code: 'CONFIG_CONFLICT',
      where: { name: 'active_sampling' },
    });
  });
});

test('tokens_per_batch has room for both functions of a pair where it is not set', async () => {
  await small.train('wide', { pair_loss_weight: 1, max_length: 600, max_steps: 1 });
  const { config } = JSON.parse(readFileSync(small.at('wide/run.json'), 'utf8')) as {
    config: Record<string, unknown>;
  };
  expect(config.tokens_per_batch).toBe(1200);
}, 60_000);
