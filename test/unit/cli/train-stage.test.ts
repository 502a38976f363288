/** @file `vultune train` with the tiny model: what a finished and a stopped run leave. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { terminalReporter } from '../../../src/cli/display/terminal-reporter.ts';
import { runResume, runTrain } from '../../../src/cli/train/run-train.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { fingerprintFile } from '../../../src/runs/environment.ts';
import { withoutLostSteps } from '../../../src/runs/events.ts';
import { openRun, runEvents } from '../../../src/runs/run-folder.ts';
import { predict } from '../../../src/workflows/predict/predict.ts';
import { reportInterrupted } from '../../../src/workflows/report/run-page.ts';
import type { TorchOptions } from '../../../src/workflows/torch/train-with-torch.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { formatHere } from '../../support/integer-kernels.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-train-stage-'));
  await writeTinyRun(folder);
  for (const part of ['train', 'valid'] as const) {
    const lines = Array.from({ length: 8 }, (_, i) =>
      JSON.stringify({
        code: `function ${part}${i}() { return ${'eval(a)+'.repeat(i % 3)}1 }`,
        target: i % 2,
      }),
    );
    writeFileSync(join(folder, `${part}.jsonl`), `${lines.join('\n')}\n`);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function train(signal: AbortSignal, output: string, changed: object = {}, torch?: TorchOptions) {
  const config = parseTrainConfig(
    {
      base_model: join(folder, 'base'),
      train_file: join(folder, 'train.jsonl'),
      valid_file: join(folder, 'valid.jsonl'),
      output_dir: output,
      num_train_epochs: 1,
      functions_per_step: 4,
      max_length: 32,
      feature_cache: false,
      ...changed,
    },
    'test',
  );
  const context = contextWith(signal);
  const result = await runTrain({ config, inputs: await checkTrainInputs(config) }, context, torch);
  return { result, context };
}

function contextWith(signal: AbortSignal) {
  const stdin = (async function* () {})();
  return { stdout: fakeTerminal(), stderr: fakeTerminal(), stdin, env: {}, signal, setExitCode: () => {} };
}

const NEVER = new AbortController().signal;

const jsonLines = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Predicting again gives the scores that the training wrote down. */
async function expectSameScores(run: string): Promise<void> {
  const own = jsonLines(join(run, 'predictions', 'valid.jsonl'));
  const again = await predict({ run, data: join(folder, 'valid.jsonl') });
  expect(again.map(({ score }) => score.toFixed(5))).toEqual(own.map(({ score }) => score.toFixed(5)));
}

test('a stopped run leaves the page of what was trained; resumed, that of the finished one', async () => {
  const run = join(folder, 'stopped');
  const { result, context } = await train(AbortSignal.abort(), run);
  expect(result).toEqual({ status: 'interrupted', run });
  expect(context.stderr.text()).toContain(`vultune train --resume ${run}`);
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toMatch(/interrupted|stopped/i);
  expect(existsSync(join(run, 'adapter', 'adapter_config.json'))).toBe(false);
  expect(await runResume({ run }, contextWith(NEVER))).toMatchObject({ status: 'finished', run });
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Against its baselines');
});

test('a run on the lowest layers, its head begun by a probe, is used as it was trained', async () => {
  const run = join(folder, 'kept');
  const { context } = await train(NEVER, run, { keep_layers: 1, head_init: 'probe', pooling: 'mean' });
  expect(context.stderr.text()).toMatch(/the head starts as a probe of the frozen model: validation roc_auc/);
  const { settings } = readAdapterHeader(join(run, 'adapter'));
  expect(settings).toMatchObject({ keepLayers: 1 });
  expect(readFileSync(join(run, 'adapter', 'README.md'), 'utf8')).toContain('num_hidden_layers=1');
  await expectSameScores(run);
});

test('a probe that no step betters is what the run keeps', async () => {
  const run = join(folder, 'started');
  // Steps this large leave nothing of what the head began with.
  await train(NEVER, run, { head_init: 'probe', pooling: 'mean', learning_rate: 1 });
  const events = jsonLines(join(run, 'events.jsonl'));
  const [first, ...later] = events.filter(({ type }) => type === 'evaluation');
  expect(first).toMatchObject({ step: 0, isBest: true });
  const best = later.filter(({ isBest }) => isBest).at(-1) ?? first;
  expect(events.find(({ type }) => type === 'finished').bestStep).toBe(best.step);
  expect(events.indexOf(first)).toBeLessThan(events.findIndex(({ type }) => type === 'step'));
  const without = join(folder, 'not-started');
  await train(NEVER, without, { head_init: 'probe', pooling: 'mean', eval_on_start: false });
  expect(readFileSync(join(without, 'events.jsonl'), 'utf8')).not.toContain('"type":"evaluation","step":0,');
});

test.each([
  ['load_in_4bit', 'nf4', { load_in_4bit: true }],
  ['load_in_8bit', (await formatHere('int8-exact')).name, { load_in_8bit: true }],
  ['weights: as_stored', 'as-stored', { weights: 'as_stored' }],
])('a run with %s says so, and its adapter judges as it was trained', async (_keys, name, keys) => {
  const run = join(folder, 'held');
  await train(NEVER, run, keys);
  expect(readAdapterHeader(join(run, 'adapter')).settings).toMatchObject({ weightFormat: name });
  const { model } = openRun(run).record as { model?: { weightFormat: string; weightBytes: number } };
  expect(model).toMatchObject({ weightFormat: name });
  expect(model!.weightBytes).toBeGreaterThan(0);
  expect(readFileSync(join(run, 'adapter', 'README.md'), 'utf8')).toContain(name);
  await expectSameScores(run);
});

test('a run is not resumed with its weights in another format', async () => {
  const run = join(folder, 'stopped');
  await train(AbortSignal.abort(), run, { load_in_4bit: true });
  const { paths } = openRun(run);
  const record = JSON.parse(readFileSync(paths.record, 'utf8'));
  writeFileSync(
    paths.record,
    JSON.stringify({ ...record, config: { ...record.config, load_in_4bit: false } }),
  );
  await expect(runResume({ run }, contextWith(NEVER))).rejects.toMatchObject({
    code: 'RUN_MODEL_CHANGED',
    message: 'the run began with weights in nf4, here they are in float32',
  });
});

test('a page that cannot be written does not break the stop, and is said to be missing', async () => {
  const run = join(folder, 'stopped');
  await train(AbortSignal.abort(), run);
  const { paths } = openRun(run);
  const stderr = fakeTerminal();
  await reportInterrupted(
    { dir: run, paths: { ...paths, report: join(run, 'run.json', 'report.html') } },
    terminalReporter(stderr),
  );
  expect(stderr.text()).toMatch(/^note: no report\.html: cannot write /);
});

test('a finished run says where its page is, and its adapter how well it ranks', async () => {
  const run = join(folder, 'finished');
  const { context } = await train(NEVER, run);
  expect(context.stdout.text()).toContain(join(run, 'report.html'));
  expect(context.stdout.text()).toContain(
    'no blend of model, TF-IDF and length: validation has 4 vulnerable',
  );
  const { measured } = readAdapterHeader(join(run, 'adapter')).settings!;
  expect(measured!.split).toBe('valid');
  expect(measured!.low).toBeLessThanOrEqual(measured!.rocAuc);
  expect(measured!.high).toBeGreaterThanOrEqual(measured!.rocAuc);
  // With the lines that mattered in its mistakes.
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Warmer lines');
});

describe('a training that is refused when its folder is there', () => {
  // The functions of these files do not say which of them are unrelated to a fix.
  const refused = { active_sampling: 1 };

  test('leaves no folder: the corrected command trains into it', async () => {
    const run = join(folder, 'refused');
    await expect(train(NEVER, run, refused)).rejects.toMatchObject({ code: 'DATASET_KIND_MISSING' });
    expect(existsSync(run)).toBe(false);
    const stopped = await train(AbortSignal.abort(), run);
    expect(stopped.result).toMatchObject({ status: 'interrupted' });
    expect(openRun(run).record.config).toMatchObject({ active_sampling: null });
  });

  test('leaves none when PyTorch cannot train it either, nor when there is no PyTorch', async () => {
    const run = join(folder, 'torch');
    const withTorch = (changed: object, torch: TorchOptions) => train(NEVER, run, changed, torch);
    await expect(withTorch(refused, { python: 'python3' })).rejects.toMatchObject({
      code: 'TORCH_CONFIG_UNSUPPORTED',
    });
    vi.stubEnv('VULTUNE_PYTHON', join(folder, 'nowhere'));
    await expect(withTorch({}, {})).rejects.toMatchObject({ code: 'TORCH_ENVIRONMENT_MISSING' });
    expect(existsSync(run)).toBe(false);
  });
});

describe('a resumed run', () => {
  const checkpoint = (run: string) => join(run, 'checkpoints', 'last.safetensors');

  test('whose last files are missing gets them: only the mark says that it is finished', async () => {
    const run = join(folder, 'killed');
    await train(NEVER, run);
    const page = readFileSync(join(run, 'report.html'), 'utf8');
    for (const file of ['finished.json', 'report.html', 'predictions/lines.json']) rmSync(join(run, file));
    expect(await runResume({ run }, contextWith(NEVER))).toMatchObject({ status: 'finished', run });
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toBe(page);
    expect(existsSync(join(run, 'predictions', 'lines.json'))).toBe(true);
    expect(await runResume({ run }, contextWith(NEVER))).toEqual({ status: 'finished before', run });
  });

  test('whose checkpoint is lost says so, and starts over only where that is asked for', async () => {
    const run = join(folder, 'lost');
    await train(NEVER, run);
    rmSync(join(run, 'finished.json'));
    rmSync(checkpoint(run));
    await expect(runResume({ run }, contextWith(NEVER))).rejects.toMatchObject({
      code: 'RUN_CHECKPOINT_MISSING',
      message: expect.stringContaining('step 2'),
      hint: expect.stringContaining('--start-over'),
    });
    const context = contextWith(NEVER);
    expect(await runResume({ run, startOver: true }, context)).toMatchObject({ status: 'finished', run });
    expect(context.stderr.text()).toContain('steps 1 to 2 are done again');
  });

  test('that is finished starts over where that is asked for; stopped on the way, it resumes', async () => {
    const run = join(folder, 'again');
    await train(NEVER, run);
    const adapter = join(run, 'adapter', 'adapter_model.safetensors');
    const trained = readFileSync(adapter);
    const stopped = contextWith(AbortSignal.abort());
    expect(await runResume({ run, startOver: true }, stopped)).toEqual({ status: 'interrupted', run });
    expect(stopped.stderr.text()).toContain('steps 1 to 2 are done again, as --start-over asks');
    // What was there stays until the new training is done.
    expect(readFileSync(adapter).equals(trained)).toBe(true);
    writeFileSync(adapter, '');
    expect(await runResume({ run }, contextWith(NEVER))).toMatchObject({ status: 'finished', run });
    expect(readFileSync(adapter).equals(trained)).toBe(true);
    expect(withoutLostSteps(runEvents(openRun(run))).filter(({ type }) => type === 'step')).toHaveLength(2);
  });

  test('that starts over with PyTorch and dies before its first checkpoint goes on from the first step', async () => {
    const run = join(folder, 'dies');
    await train(NEVER, run);
    const python = join(folder, 'python');
    writeFileSync(python, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await expect(
      runResume({ run, startOver: true, torch: { python } }, contextWith(NEVER)),
    ).rejects.toMatchObject({ code: 'TORCH_FAILED' });
    expect(runEvents(openRun(run)).at(-1)).toMatchObject({ type: 'resumed', step: 0, checkpoint: '' });
    expect(existsSync(checkpoint(run))).toBe(false);
    expect(await runResume({ run }, contextWith(NEVER))).toMatchObject({ status: 'finished', run });
  });

  test('whose last checkpoint is missing, or an older one, says which step it goes on from instead', async () => {
    const run = join(folder, 'previous');
    await train(AbortSignal.abort(), run);
    const older = join(folder, 'step-0.safetensors');
    copyFileSync(checkpoint(run), older);
    const resumedWith = async (file: string) => {
      const context = contextWith(NEVER);
      expect(await runResume({ run }, context)).toMatchObject({ status: 'finished', run });
      for (const old of ['finished.json', 'checkpoints/last.safetensors']) rmSync(join(run, old));
      copyFileSync(older, join(run, 'checkpoints', file));
      return context.stderr.text();
    };
    expect(await resumedWith('previous.safetensors')).not.toMatch(/missing|older/);
    expect(await resumedWith('last.safetensors')).toContain(
      'last.safetensors is missing (events.jsonl knows of a checkpoint at step 2); resuming from previous.safetensors, step 0',
    );
    expect(await resumedWith('last.safetensors')).toContain(
      'events.jsonl knows of a checkpoint at step 2, and last.safetensors is older; resuming from last.safetensors, step 0',
    );
  });

  test('that had none to lose yet says which steps are done again', async () => {
    const run = join(folder, 'early');
    await train(AbortSignal.abort(), run);
    rmSync(checkpoint(run));
    const events = join(run, 'events.jsonl');
    const started = readFileSync(events, 'utf8').split('\n')[0]!;
    writeFileSync(events, `${started}\n`);
    appendFileSync(
      events,
      `${JSON.stringify({ type: 'step', timestampMs: 1, step: 1, epoch: 0.5, lossNats: 1, learningRate: 0, gradientNorm: 1, functions: 4, tokens: 9, paddingTokens: 0, durationMs: 1, memoryBytes: 1 })}\n`,
    );
    const context = contextWith(NEVER);
    expect(await runResume({ run }, context)).toMatchObject({ status: 'finished', run });
    expect(context.stderr.text()).toContain('steps 1 to 1 are done again');
  });

  test('whose validation file has fewer functions than its checkpoint has scores is refused', async () => {
    const run = join(folder, 'other');
    await train(NEVER, run);
    rmSync(join(run, 'finished.json'));
    const { record, paths } = openRun(run);
    const file = record.data.valid_file!.path;
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(2).join('\n'));
    const valid_file = await fingerprintFile(file);
    writeFileSync(paths.record, JSON.stringify({ ...record, data: { ...record.data, valid_file } }));
    await expect(runResume({ run }, contextWith(NEVER))).rejects.toMatchObject({
      code: 'RUN_CHECKPOINT_OTHER',
    });
  });
});
