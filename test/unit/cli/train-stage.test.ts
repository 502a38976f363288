/** @file `vultune train` with the tiny model: what a finished and a stopped run leave. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkTrainInputs } from '../../../src/cli/input-check.ts';
import { reportInterrupted } from '../../../src/cli/stages/report.ts';
import { resumeStage, trainStage } from '../../../src/cli/stages/train.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { readAdapterHeader } from '../../../src/peft/adapter-files.ts';
import { openRun } from '../../../src/runs/run-folder.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
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
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function train(signal: AbortSignal, output: string) {
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
    },
    'test',
  );
  const context = contextWith(signal);
  const result = await trainStage({ config, inputs: await checkTrainInputs(config) }, context);
  return { result, context };
}

function contextWith(signal: AbortSignal) {
  const stdin = (async function* () {})();
  return { stdout: fakeTerminal(), stderr: fakeTerminal(), stdin, env: {}, signal, setExitCode: () => {} };
}

const NEVER = new AbortController().signal;

test('a stopped run leaves the page of what was trained; resumed, that of the finished one', async () => {
  const run = join(folder, 'stopped');
  const { result, context } = await train(AbortSignal.abort(), run);
  expect(result).toBeUndefined();
  expect(context.stderr.text()).toContain(`vultune train --resume ${run}`);
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toMatch(/interrupted|stopped/i);
  expect(existsSync(join(run, 'adapter', 'adapter_config.json'))).toBe(false);
  expect(await resumeStage({ run }, contextWith(NEVER))).toBeDefined();
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Against its baselines');
});

test('a page that cannot be written does not break the stop, and is said to be missing', async () => {
  const run = join(folder, 'stopped');
  await train(AbortSignal.abort(), run);
  const { paths } = openRun(run);
  const stderr = fakeTerminal();
  await reportInterrupted(
    { dir: run, paths: { ...paths, report: join(run, 'run.json', 'report.html') } },
    stderr,
  );
  expect(stderr.text()).toMatch(/^note: no report\.html: cannot write /);
});

test('a finished run says where its page is, and its adapter how well it ranks', async () => {
  const run = join(folder, 'finished');
  const { context } = await train(NEVER, run);
  expect(context.stdout.text()).toContain(join(run, 'report.html'));
  const { measured } = readAdapterHeader(join(run, 'adapter')).settings!;
  expect(measured!.split).toBe('valid');
  expect(measured!.low).toBeLessThanOrEqual(measured!.rocAuc);
  expect(measured!.high).toBeGreaterThanOrEqual(measured!.rocAuc);
  // With the lines that mattered in its mistakes.
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Warmer lines');
});
