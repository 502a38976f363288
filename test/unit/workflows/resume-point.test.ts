/** @file Where a run goes on from: what its log says of checkpoints that are not there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewEvent } from '../../../src/runs/events.ts';
import { createRun, type WritableRun } from '../../../src/runs/run-folder.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import { silent } from '../../../src/workflows/context.ts';
import { findStart } from '../../../src/workflows/train/resume-point.ts';

let folder: string;
let run: WritableRun;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-resume-point-'));
  run = createRun(join(folder, 'run'), { config: {}, environment: {}, data: {} });
  warnings = [];
});
afterEach(() => {
  run.release();
  rmSync(folder, { recursive: true, force: true });
});

const started: NewEvent = { type: 'run_started', pid: 1, totalSteps: 9, trainFunctions: 36 };
const resumed = (step: number, checkpoint: string): NewEvent => ({
  type: 'resumed',
  step,
  checkpoint,
  pid: 1,
});
const step = (number: number): NewEvent => ({
  type: 'step',
  step: number,
  epoch: number / 9,
  lossNats: 1,
  learningRate: 0,
  gradientNorm: 1,
  functions: 4,
  tokens: 9,
  paddingTokens: 0,
  durationMs: 1,
  memoryBytes: 1,
});
const LAST = 'checkpoints/last.safetensors';
const saved: NewEvent = { type: 'checkpoint', step: 2, epoch: 0.2, path: LAST, durationMs: 1 };
const interrupted: NewEvent = { type: 'interrupted', step: 2, checkpoint: LAST };

/** Where the run goes on from after these events, without a checkpoint. */
const startAfter = (...events: readonly NewEvent[]) => {
  for (const event of events) run.events.append(event);
  const parameters = new Map([['k', hostTensor('float32', [1], new Float32Array(1))]]);
  return findStart(run, parameters, false, { ...silent, warn: (text) => warnings.push(text) });
};

test.each<[string, readonly NewEvent[]]>([
  ['written', [started, step(1), step(2), saved]],
  ['left by a stop', [started, step(1), step(2), interrupted]],
  ['gone on from since', [started, step(1), step(2), saved, resumed(2, LAST), step(3)]],
])('a checkpoint that was %s and is lost is missed', async (_how, events) => {
  await expect(startAfter(...events)).rejects.toMatchObject({
    code: 'RUN_CHECKPOINT_MISSING',
    message: expect.stringContaining('step 2'),
  });
});

test.each<[string, readonly NewEvent[]]>([
  ['with PyTorch', [resumed(0, ''), step(1)]],
  ['with the own engine', [resumed(0, ''), started, step(1)]],
])('the checkpoints of a training that was started over %s are not missed', async (_how, events) => {
  const start = await startAfter(started, step(1), step(2), saved, interrupted, ...events);
  expect(start).toMatchObject({ state: { step: 0 }, checkpoint: '' });
  expect(warnings).toEqual(['no checkpoint was written yet: steps 1 to 1 are done again']);
});
