/** @file int8_smoothing in a run: what it keeps, that a resumed run and a detector use it, and that a wrong file is refused. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAllSafetensors, writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { areInt8ProductsExact } from '../../../src/runtime/ort/probe-int8.ts';
import { FACTORS_FILE } from '../../../src/weights/factors-file.ts';
import { silent, workflowContext } from '../../../src/workflows/context.ts';
import { openDetector } from '../../../src/workflows/open/open-detector.ts';
import { resumeTraining } from '../../../src/workflows/train/resume.ts';
import { type SmallTraining, smallTraining } from '../../support/small-training.ts';

const functions = (part: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    code: `${part}${i}(){${i % 2 === 0 ? 'zzz' : 'qqq'}()}`,
    target: i % 2,
    id: `${part}${i}`,
  }));

const FAST = { load_in_8bit: true, int8_matmul: 'fast' };
const SMOOTHED = { ...FAST, num_train_epochs: 1 };
let small: SmallTraining;
const recordOf = (run: string) => JSON.parse(readFileSync(small.at(run, 'run.json'), 'utf8'));

beforeAll(async () => {
  small = smallTraining({ train: functions('t', 24), valid: functions('v', 12) });
  // As real models have them: features that leave a norm far larger than the others.
  const file = small.at('base', 'model.safetensors');
  const tensors = await readAllSafetensors(file);
  for (const [name, { data }] of tensors) if (name.includes('layernorm')) (data as Float32Array)[3]! *= 60;
  await writeSafetensors(file, tensors, { format: 'pt' });
  await small.train('whole', SMOOTHED);
}, 120_000);
afterAll(() => small.remove());

const overflows = !(await areInt8ProductsExact('int8')) && !(await areInt8ProductsExact('uint8'));
if (overflows)
  console.warn('skipped: 8-bit products overflow on this processor, so weights are not smoothed');

test.skipIf(overflows)('run and adapter keep the factors, and their names say which', () => {
  const { weightFormat } = recordOf('whole').model;
  expect(weightFormat).toMatch(/^int8-smoothed:[0-9a-f]{16}$/);
  const settings = JSON.parse(readFileSync(small.at('whole/adapter/vultune.json'), 'utf8'));
  expect(settings.weightFormat).toBe(weightFormat);
  expect(readFileSync(small.at('whole/adapter', FACTORS_FILE))).toEqual(
    readFileSync(small.at('whole', FACTORS_FILE)),
  );
});

test('switched off, nothing is measured', async () => {
  await small.train('plain', { ...FAST, int8_smoothing: 'off', num_train_epochs: 1, max_steps: 1 });
  expect(recordOf('plain').model.weightFormat).toBe(overflows ? 'int8-dequantised' : 'int8');
  expect(existsSync(small.at('plain', FACTORS_FILE))).toBe(false);
});

test.skipIf(overflows)('a resumed run goes on with them, bit for bit, and refuses others', async () => {
  const stopped = await small.train('stopped', SMOOTHED, 2);
  expect(stopped.status).toBe('interrupted');
  const kept = readFileSync(small.at('stopped', FACTORS_FILE));
  writeFileSync(small.at('stopped', FACTORS_FILE), kept.subarray(0, kept.length - 4));
  await expect(resumeTraining({ run: small.at('stopped') }, { report: silent })).rejects.toMatchObject({
    code: expect.stringMatching(/^(INT8_FACTORS|SAFETENSORS_.*)$/),
  });
  rmSync(small.at('stopped', FACTORS_FILE));
  await expect(resumeTraining({ run: small.at('stopped') }, { report: silent })).rejects.toMatchObject({
    code: 'INT8_FACTORS',
  });
  writeFileSync(small.at('stopped', FACTORS_FILE), kept);
  expect((await resumeTraining({ run: small.at('stopped') }, { report: silent })).status).toBe('finished');
  const bytesOf = (run: string) => readFileSync(small.at(run, 'adapter/adapter_model.safetensors'));
  expect(bytesOf('stopped')).toEqual(bytesOf('whole'));
});

test.skipIf(overflows)(
  'a detector scores with the factors of the adapter, and not without them',
  async () => {
    const scores = async (run: string) => {
      const detector = await openDetector(
        { run: small.at(run), numThreads: 1 },
        workflowContext({ report: silent }),
      );
      try {
        return (await detector.judge(functions('v', 6).map(({ code }) => code))).rawScores;
      } finally {
        await detector.close();
      }
    };
    cpSync(small.at('whole'), small.at('moved'), { recursive: true });
    expect(await scores('moved')).toEqual(await scores('whole'));
    rmSync(small.at('moved/adapter', FACTORS_FILE));
    await expect(scores('moved')).rejects.toMatchObject({ code: 'INT8_FACTORS' });
  },
);
