/** @file init_adapter: what a second training starts from, what it refuses to start from, and what it leaves of it. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { openRun } from '../../../src/runs/run-folder.ts';
import { resumeTraining } from '../../../src/workflows/train/resume.ts';
import { type SmallTraining, smallTraining } from '../../support/small-training.ts';

const functions = (part: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    code: `${part}${i}(){${i % 2 === 0 ? 'zzz' : 'qqq'}()}`,
    target: i % 2,
    id: `${part}${i}`,
  }));

let small: SmallTraining;
const weights = async (run: string) =>
  [...(await readAllSafetensors(small.at(run, 'adapter/adapter_model.safetensors')))].map(
    ([key, { data }]): [string, number[]] => [key, Array.from(data, Number)],
  );
const INIT = () => ({ init_adapter: small.at('first') });

beforeAll(async () => {
  small = smallTraining({ train: functions('t', 24), valid: functions('v', 12) });
  await small.train('first', { num_train_epochs: 1 });
}, 120_000);
afterAll(() => small.remove());

test('the first values are those of the finished run, whatever the seed', async () => {
  // A step so small that float32 keeps every weight where it was.
  const still = { ...INIT(), max_steps: 1, learning_rate: 1e-30, weight_decay: 0, seed: 7 };
  await small.train('still', still);
  expect(await weights('still')).toEqual(await weights('first'));
  await small.train('other', { ...still, init_adapter: null });
  expect(await weights('other')).not.toEqual(await weights('first'));
});

test('run.json holds the hash of the adapter, and the card names it', async () => {
  const { record } = openRun(small.at('still'));
  expect(record.model?.initAdapter).toEqual({
    path: '../first',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(readFileSync(small.at('still/adapter/README.md'), 'utf8')).toContain('init_adapter');
  const { notes } = await small.check(INIT());
  expect(notes).toContain(`the adapter and the head start as those of ${small.at('first')}`);
});

test.each<[string, object, string]>([
  ['rank', { lora_r: 4 }, 'lora_r'],
  ['scale', { lora_alpha: 16 }, 'lora_alpha'],
  ['matrices', { target_modules: ['q_proj'] }, 'target_modules'],
  ['blocks', { lora_layers: { last: 1 } }, 'target_modules'],
  ['pooling', { pooling: 'mean' }, 'pooling'],
  ['head', { top_mlp_layers: 1 }, 'top_mlp_layers'],
  ['way of fine-tuning', { use_dora: true }, 'finetuning_type'],
  ['base model', { keep_layers: 1 }, 'base_model'],
  ['task', { task: 'next_token', label_words: ['N', 'Y'] }, 'task'],
])('an adapter of another %s is refused by the key that differs', async (_name, changed, key) => {
  const refusal = expect.objectContaining({ code: 'INIT_ADAPTER_MISMATCH' });
  const error = await small.check({ ...INIT(), ...changed }).catch((caught) => caught);
  expect(error).toEqual(refusal);
  expect(error.where.name).toBe(key);
});

test('a folder without an adapter, and a probe that would write over the head, are refused', async () => {
  await expect(small.check({ init_adapter: small.at('cache') })).rejects.toMatchObject({
    code: 'ADAPTER_MISSING',
  });
  await expect(small.check({ ...INIT(), head_init: 'probe' })).rejects.toMatchObject({
    code: 'CONFIG_CONFLICT',
  });
});

test('stopped and resumed, it ends in the same bits, even without the adapter that it began with', async () => {
  await small.train('start', { num_train_epochs: 1, seed: 5 });
  const options = { init_adapter: small.at('start'), seed: 9 };
  await small.train('whole', options);
  expect((await small.train('halved', options, 3)).status).toBe('interrupted');
  expect((await small.train('early', options, 0)).status).toBe('interrupted');
  // Before the first checkpoint the adapter is read again, and must be the same.
  rmSync(small.at('early/checkpoints'), { recursive: true, force: true });
  const events = readFileSync(small.at('early/events.jsonl'), 'utf8').split('\n');
  const kept = events.filter((line) => !/"(checkpoint|interrupted|step)"/.test(line));
  writeFileSync(small.at('early/events.jsonl'), kept.join('\n'));
  const file = small.at('start/adapter/adapter_model.safetensors');
  const before = readFileSync(file);
  writeFileSync(file, readFileSync(small.at('first/adapter/adapter_model.safetensors')));
  await expect(resumeTraining({ run: small.at('early') })).rejects.toMatchObject({
    code: 'RUN_INIT_ADAPTER_CHANGED',
  });
  writeFileSync(file, before);
  await resumeTraining({ run: small.at('early') });
  expect(await weights('early')).toEqual(await weights('whole'));
  rmSync(small.at('start'), { recursive: true });
  // As a save leaves it that is killed before its last rename.
  renameSync(
    small.at('halved/checkpoints/last.safetensors'),
    small.at('halved/checkpoints/next.safetensors'),
  );
  await resumeTraining({ run: small.at('halved') });
  expect(await weights('halved')).toEqual(await weights('whole'));
}, 120_000);
