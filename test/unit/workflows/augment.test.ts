/** @file Copies of training functions: the same for the same seed, alike in a pair, and trained on like functions. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { withMaxLength } from '../../../src/config/train-config.ts';
import type { LabelledRecord } from '../../../src/dataset/record.ts';
import { augmentedCopies, augmentText } from '../../../src/workflows/train/augment.ts';
import { trainingExamples } from '../../../src/workflows/train/examples.ts';
import { resumeTraining } from '../../../src/workflows/train/resume.ts';
import { type SmallTraining, smallTraining } from '../../support/small-training.ts';

const KINDS = {
  augment: ['rename', 'comments', 'dead_code', 'reorder'] as const,
  augment_copies: 2,
  seed: 3,
};
const config = { ...KINDS, augment: [...KINDS.augment] };

const method = (i: number, fixed: boolean): LabelledRecord => ({
  code: `int read${i}(byte[] input, int at) {\n  int count = 0;\n  int most = ${i};\n  ${fixed ? 'if (at >= input.length) return 0;\n  ' : ''}use(input[at], count);\n  return most + count;\n}`,
  target: fixed ? 0 : 1,
  language: 'java',
  pair: `pair ${i}`,
});
const records = Array.from({ length: 6 }, (_, i) => [method(i, false), method(i, true)]).flat();

test('copies keep label, pair and place, differ from their function, and are the same for the same seed', async () => {
  const { records: copies, summary } = await augmentedCopies(config, records);
  expect(await augmentedCopies(config, records)).toEqual({ records: copies, summary });
  expect(copies).toHaveLength(2 * records.length);
  for (const [i, { code, ...rest }] of copies.entries()) {
    const { code: original, ...own } = records[i % records.length]!;
    expect(rest).toEqual(own);
    expect(code).not.toBe(original);
  }
  expect(copies[0]!.code).not.toBe(copies[records.length]!.code);
  expect(summary).toMatchObject({ copies: 24, rewritten: 24, unchanged: {} });
  expect((await augmentedCopies({ ...config, seed: 4 }, records)).records).not.toEqual(copies);
});

test('a copy depends on its function and its pair alone, not on what stands around it', async () => {
  const { records: alone } = await augmentedCopies(config, records.slice(4, 6));
  const { records: together } = await augmentedCopies(config, records);
  expect(alone.slice(0, 2)).toEqual(together.slice(4, 6));
});

test('both of a pair get the same names', async () => {
  const { records: copies } = await augmentedCopies({ ...config, augment: ['rename'] }, records);
  const words = (code: string) => new Set(code.match(/\w+/g));
  for (let i = 0; i < records.length; i += 2) {
    const [before, after] = [words(copies[i]!.code), words(copies[i + 1]!.code)];
    expect([...before].filter((word) => !after.has(word))).toEqual([]);
  }
});

test('functions that cannot be rewritten are copied as they are, and counted by why', async () => {
  const odd: LabelledRecord[] = [
    { code: 'int f( {', target: 1, language: 'java' },
    { code: 'int f() { return 1; }', target: 0, language: 'java' },
    { code: 'what is this', target: 0, language: 'cobol' },
    records[0]!,
  ];
  const { records: copies, summary } = await augmentedCopies({ ...config, augment_copies: 1 }, odd);
  expect(copies.slice(0, 3)).toEqual(odd.slice(0, 3));
  expect(summary).toMatchObject({
    copies: 4,
    rewritten: 1,
    unchanged: { language: 1, nothing: 1, parse: 1 },
  });
  expect(augmentText({ ...summary!, leftOut: 0 })).toMatch(
    /^augment: 1 of 4 copies \(25%\) .* 1 as their language is not known, /,
  );
});

test('functions whose records do not say their language are taken for the one that they parse in', async () => {
  const untold = records.map(
    ({ code, target, pair }): LabelledRecord => ({ code, target, ...(pair === undefined ? {} : { pair }) }),
  );
  const { records: copies, summary } = await augmentedCopies(config, untold);
  expect(summary).toMatchObject({ guessed: 'java', rewritten: 24 });
  expect(copies.map(({ code }) => code)).toEqual(
    (await augmentedCopies(config, records)).records.map(({ code }) => code),
  );
});

test('a signal stops it', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(augmentedCopies(config, records, { signal })).rejects.toThrow('enough');
});

test('off by default', async () => {
  expect(await augmentedCopies({ augment: null, augment_copies: 1, seed: 1 }, records)).toEqual({
    records: [],
    summary: undefined,
  });
});

test('a pair is of one copy: where one of a copy is left out, the other goes with none of another', async () => {
  const pair = records.slice(0, 2);
  const { records: copies } = await augmentedCopies(config, pair);
  const parsed = parseTrainConfig(
    {
      ...config,
      base_model: 'b',
      train_file: 't',
      valid_file: 'v',
      output_dir: 'o',
      pair_loss_weight: 1,
      drop_identical_pairs: false,
    },
    'test',
  );
  const codes = [...pair, ...copies].map(({ code }) => code);
  // The vulnerable function of the first copy is over max_length.
  const encode = (read: readonly string[]) =>
    read.map((code) =>
      code === copies[0]!.code ? undefined : { ids: [codes.indexOf(code)], truncated: false },
    );
  const plan = {
    config: withMaxLength(parsed, 64),
    reading: { reader: { encode } },
    task: { example: (ids: number[], { target }: LabelledRecord) => ({ ids, target: { label: target } }) },
  } as unknown as Parameters<typeof trainingExamples>[0];
  const { examples } = await trainingExamples(plan, pair);
  expect(examples.map(({ ids, pair: member }) => [ids[0], member?.number])).toEqual([
    [0, 0],
    [1, 0],
    [3, undefined],
    [4, 1],
    [5, 1],
  ]);
});

let small: SmallTraining;
beforeAll(() => {
  small = smallTraining({ train: records, valid: records.slice(0, 4) });
});
afterAll(() => small.remove());

const changed = {
  augment: ['rename', 'dead_code'],
  max_length: 200,
  drop_identical_pairs: false,
  lora_layers: { last: 1 },
};
const events = (output: string) =>
  readFileSync(small.at(output, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as { type: string; step?: number; lossNats?: number; trainFunctions?: number },
    );
const losses = (output: string) =>
  events(output).flatMap(({ type, step, lossNats }) => (type === 'step' ? [[step, lossNats]] : []));
const metrics = (output: string) =>
  JSON.parse(readFileSync(small.at(output, 'metrics.json'), 'utf8')) as object;

test('trains on functions and copies, says so in metrics.json and the check, and resumes on the same ones', async () => {
  await small.train('whole', changed);
  expect(events('whole').find(({ type }) => type === 'run_started')?.trainFunctions).toBe(24);
  expect(metrics('whole')).toMatchObject({ augmented: { copies: 12, rewritten: 12, leftOut: 0 } });
  const { notes } = await small.check(changed);
  expect(notes.join('\n')).toContain('augment: 12 of 12 copies');
  await small.train('plain', { ...changed, augment: null });
  expect(metrics('plain')).not.toHaveProperty('augmented');
  await small.train('stopped', changed, 3);
  expect(losses('stopped').length).toBeLessThan(losses('whole').length);
  await resumeTraining({ run: small.at('stopped') });
  expect(losses('stopped')).toEqual(losses('whole'));
  // The layers that are frozen are read from the cache: what is kept is of each text.
  await small.train('cached', { ...changed, feature_cache: true });
  const [whole, cached] = [losses('whole'), losses('cached')];
  expect(cached.length).toBe(whole.length);
  for (const [i, [, loss]] of whole.entries()) expect(cached[i]![1]).toBeCloseTo(loss!, 4);
});

test('copies of a pair are a pair', async () => {
  await small.train('pairs', { ...changed, pair_loss_weight: 0.5, num_train_epochs: 1 });
  const [first] = losses('pairs');
  expect(first![1]).toBeGreaterThan(0);
  expect(events('pairs').find(({ type }) => type === 'run_started')?.trainFunctions).toBe(24);
});
