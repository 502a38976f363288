/** @file `vultune report RUN --tensorboard DIR`, read back by TensorBoard's own Python reader out of a temporary venv. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { reportCommand } from '../../src/cli/commands/report.ts';
import { runReport } from '../../src/cli/report/run-report.ts';
import { openRun, runEvents } from '../../src/runs/run-folder.ts';
import { cliCase } from '../support/cli-case.ts';
import { fakeRun } from '../support/fake-run.ts';

const REQUIREMENT = 'tensorboard==2.21.0';
/** Prints {tag: [[step, value, wall time], ...]}. Size 0: every point instead of a sample. */
const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, SCALARS
events = EventAccumulator(sys.argv[1], size_guidance={SCALARS: 0}).Reload()
tags = events.Tags()['scalars']
print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)] for tag in tags}))
`;

const folder = mkdtempSync(join(tmpdir(), 'vultune-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0]}: ${error?.message ?? stderr}`);
  return stdout;
}

test('TensorBoard reads every tag, step, value and time', async () => {
  const windows = process.platform === 'win32';
  const venv = join(folder, 'venv');
  const python = join(venv, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  run(process.env.PYTHON ?? (windows ? 'python' : 'python3'), ['-m', 'venv', venv]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', REQUIREMENT]);

  // More steps than TensorBoard keeps by default, and a metric that an epoch has no value of.
  const dir = fakeRun({ dir: join(folder, 'first'), steps: 1200, epochs: 3 });
  const logs = join(folder, 'logs');
  const { exitCode, stderr } = await cliCase(
    [reportCommand(runReport)],
    ['report', dir, '--tensorboard', logs],
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(readdirSync(logs)).toEqual(['first']);

  const wanted: Record<string, number[][]> = {};
  const add = (tag: string, step: number, value: number, timestampMs: number) => {
    wanted[tag] ??= [];
    wanted[tag].push([step, Math.fround(value), timestampMs / 1000]);
  };
  for (const event of runEvents(openRun(dir))) {
    if (event.type === 'step') {
      const { step, timestampMs, tokens, paddingTokens } = event;
      add('train/loss', step, event.lossNats, timestampMs);
      add('train/learning_rate', step, event.learningRate, timestampMs);
      add('train/gradient_norm', step, event.gradientNorm, timestampMs);
      add('speed/tokens_per_second', step, (1000 * tokens) / event.durationMs, timestampMs);
      add('speed/padding_share', step, paddingTokens / (tokens + paddingTokens), timestampMs);
      add('memory/resident_bytes', step, event.memoryBytes, timestampMs);
    } else if (event.type === 'evaluation') {
      for (const [name, value] of Object.entries(event.metrics)) {
        if (value !== null) add(`${event.split}/${name}`, event.step, value, event.timestampMs);
      }
    }
  }
  expect(Object.keys(wanted)).toHaveLength(9);
  expect(wanted['valid/roc_auc']).toHaveLength(2);
  expect(JSON.parse(run(python, ['-c', READER, join(logs, 'first')]))).toEqual(wanted);
});
