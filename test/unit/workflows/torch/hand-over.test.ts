import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashFile } from '../../../../src/base/hash-file.ts';
import { writeSafetensors } from '../../../../src/checkpoint/safetensors.ts';
import type { LabelledRecord } from '../../../../src/dataset/record.ts';
import type { RunEvent } from '../../../../src/runs/events.ts';
import { createRun, runEvents, type WritableRun } from '../../../../src/runs/run-folder.ts';
import { type HostTensor, hostTensor } from '../../../../src/tensor/host-tensor.ts';
import { loadState, saveState } from '../../../../src/training/checkpoints.ts';
import { initialState, type TrainerState } from '../../../../src/training/trainer-state.ts';
import { adoptEvaluations } from '../../../../src/workflows/torch/adopt-evaluations.ts';
import { EarlyStop } from '../../../../src/workflows/torch/early-stop.ts';
import { handOver } from '../../../../src/workflows/torch/hand-over.ts';
import { requirePlanOfRun } from '../../../../src/workflows/torch/plan-of-run.ts';
import type { TrainingPlan } from '../../../../src/workflows/train/setup.ts';

let folder: string;
let run: WritableRun;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-hand-over-'));
  run = createRun(join(folder, 'run'), { config: {}, environment: {}, data: {} });
  mkdirSync(run.paths.checkpoints);
  mkdirSync(plan());
  writeFileSync(
    join(plan(), 'plan.json'),
    JSON.stringify({ config: { seed: 1, output_dir: 'a' }, base: { fingerprint: 'f' } }),
  );
});
afterEach(() => {
  run.release();
  rmSync(folder, { recursive: true, force: true });
});

const plan = () => join(run.dir, 'plan');
const parameters = () => new Map([['k', hostTensor('float32', [1], new Float32Array(1))]]);
const STARTED = 'checkpoints/last.safetensors';
const state = (more: Partial<TrainerState>): TrainerState => ({ ...initialState(parameters()), ...more });
const valid = [0, 1].map((target) => ({ id: `${target}`, code: 'x', target })) as unknown as LabelledRecord[];
const GOOD = [0.1, 0.9];
const BAD = [0.9, 0.1];
const evaluated = async (step: number, scores: readonly number[]) =>
  await writeSafetensors(
    join(run.paths.checkpoints, `evaluated-${String(step).padStart(8, '0')}.safetensors`),
    new Map<string, HostTensor>([
      ['parameter/k', hostTensor('float32', [1], Float32Array.of(step))],
      ['valid_scores', hostTensor('float64', [scores.length], Float64Array.from(scores))],
    ]),
  );
const planned = (earlyStoppingPatience: number | undefined) => ({
  config: { metric_for_best_model: 'roc_auc' } as TrainingPlan['config'],
  trainer: { epochs: 1, earlyStoppingPatience } as TrainingPlan['trainer'],
});
const hashOfPlan = async () => (await hashFile(join(plan(), 'plan.json'))).sha256;

describe('a run that is handed over', () => {
  test('names the plan, and what was evaluated and adopted before is gone', async () => {
    await evaluated(1, GOOD);
    const before = await handOver(run, plan(), {
      state: state({ step: 3, evaluationsWithoutImprovement: 2 }),
      checkpoint: STARTED,
    });
    expect(before.withoutImprovement).toBe(2);
    expect(readdirSync(run.paths.checkpoints)).toEqual(['last.safetensors']);
    expect((await loadState(run.paths.checkpoints, parameters()))?.state.plan).toBe(await hashOfPlan());
  });

  test('one whose steps PyTorch took by another plan is refused, and left as it is', async () => {
    await evaluated(1, GOOD);
    const start = { state: state({ step: 3, plan: 'b'.repeat(64) }), checkpoint: STARTED };
    await expect(handOver(run, plan(), start)).rejects.toMatchObject({ code: 'TORCH_CHECKPOINT_OTHER' });
    expect(readdirSync(run.paths.checkpoints)).toEqual(['evaluated-00000001.safetensors']);
  });
});

describe('an early stop', () => {
  const stopAfter = (patience: number | undefined, best?: number) =>
    new EarlyStop({
      plan: planned(patience),
      checkpoints: run.paths.checkpoints,
      validRecords: valid,
      before: { best, withoutImprovement: 0 },
    });
  const saved = (step: number): RunEvent => ({
    type: 'checkpoint',
    timestampMs: 0,
    step,
    epoch: 1,
    path: STARTED,
    durationMs: 1,
  });
  const resumed = (step: number): RunEvent => ({
    type: 'resumed',
    timestampMs: 0,
    step,
    checkpoint: STARTED,
    pid: 1,
  });

  test('does not come of evaluations behind the checkpoint, which are made again', async () => {
    await evaluated(2, GOOD);
    await evaluated(4, BAD);
    const stop = stopAfter(1);
    expect(await stop.follow(saved(3))).toBe(false);
    expect(await stop.follow(saved(4))).toBe(true);
  });

  test('judges each evaluation once: those judged before are not read again', async () => {
    const stop = stopAfter(2);
    await evaluated(2, GOOD);
    expect(await stop.follow(saved(2))).toBe(false);
    writeFileSync(join(run.paths.checkpoints, 'evaluated-00000002.safetensors'), 'damaged');
    await evaluated(4, BAD);
    expect(await stop.follow(saved(4))).toBe(false);
    // A further checkpoint of the same step is not a further evaluation.
    expect(await stop.follow(saved(4))).toBe(false);
    await evaluated(6, BAD);
    expect(await stop.follow(saved(6))).toBe(true);
  });

  test('goes on from what the own engine evaluated', async () => {
    const stop = stopAfter(1, 1);
    await evaluated(2, GOOD);
    expect(await stop.follow(saved(2))).toBe(true);
  });

  test('is judged anew where the processes start again, by the evaluations that they make again', async () => {
    const stop = stopAfter(2);
    await evaluated(2, GOOD);
    await evaluated(4, BAD);
    expect(await stop.follow(saved(4))).toBe(false);
    expect(await stop.follow(resumed(1))).toBe(false);
    await evaluated(2, BAD);
    await evaluated(4, GOOD);
    expect(await stop.follow(saved(4))).toBe(false);
    await evaluated(6, BAD);
    expect(await stop.follow(saved(6))).toBe(false);
    await evaluated(8, BAD);
    expect(await stop.follow(saved(8))).toBe(true);
  });

  test('does not come without patience, and reads nothing for it', async () => {
    writeFileSync(join(run.paths.checkpoints, 'evaluated-00000002.safetensors'), 'damaged');
    expect(await stopAfter(undefined).follow(saved(2))).toBe(false);
  });
});

describe('evaluations that are adopted', () => {
  test('are in the checkpoint at once, so that a stop behind them has none adopted twice', async () => {
    await evaluated(2, GOOD);
    await evaluated(4, BAD);
    const first = state({ step: 4, plan: await hashOfPlan() });
    await saveState(run.paths.checkpoints, first);
    expect(await adoptEvaluations(run, planned(undefined), valid, first)).toBe(true);
    const again = (await loadState(run.paths.checkpoints, parameters()))!.state;
    expect(again).toMatchObject({ plan: undefined, best: { step: 2 }, evaluationsWithoutImprovement: 1 });
    expect(await adoptEvaluations(run, planned(undefined), valid, again)).toBe(true);
    const adopted = runEvents(run).flatMap((event) => (event.type === 'evaluation' ? [event.step] : []));
    expect(adopted).toEqual([2, 4]);
  });
});

describe('a plan folder in a run', () => {
  const ofRun = (config: object, fingerprint = 'f') => ({ config, model: { checkpoint: { fingerprint } } });
  const refused = (config: object, fingerprint?: string) => () =>
    requirePlanOfRun(run.dir, ofRun(config, fingerprint));

  test("is the run's own where its settings and its base model are, wherever they lie", () => {
    expect(refused({ seed: 1, output_dir: 'moved', of_a_later_version: true })).not.toThrow();
  });

  test('is refused where it is of another run, or damaged', () => {
    const message = 'the plan in the run folder plans with seed 1, and the run has 2';
    expect(refused({ seed: 2 })).toThrow(expect.objectContaining({ code: 'TORCH_PLAN_OTHER', message }));
    expect(refused({ seed: 1 }, 'g')).toThrow(expect.objectContaining({ code: 'TORCH_PLAN_OTHER' }));
    writeFileSync(join(plan(), 'plan.json'), '{"config": 3}');
    expect(refused({ seed: 1 })).toThrow(expect.objectContaining({ code: 'TORCH_PLAN_BROKEN' }));
  });
});
