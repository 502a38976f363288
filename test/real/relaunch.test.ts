/** @file Training runs in a process that `vultune train` starts: signals, ends and streams are as if it were one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isProcessAlive } from '../../src/base/process-alive.ts';
import { runHolder } from '../support/run-holder.ts';
import { writeTinyRun } from '../support/tiny-adapter.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');

let folder = '';
let run = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-relaunch-'));
  run = join(folder, 'trained');
  await writeTinyRun(folder);
  const lines = Array.from({ length: 16 }, (_, i) =>
    JSON.stringify({ code: `function f${i}() { return ${'eval(a)+'.repeat(i % 3)}${i} }`, target: i % 2 }),
  );
  for (const part of ['train', 'valid'])
    writeFileSync(join(folder, `${part}.jsonl`), `${lines.join('\n')}\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** A group of its own, as a shell gives a command. */
function train(...more: string[]): Started {
  const settings = [
    `base_model=${join(folder, 'base')}`,
    `train_file=${join(folder, 'train.jsonl')}`,
    `valid_file=${join(folder, 'valid.jsonl')}`,
    `output_dir=${run}`,
    'max_length=32',
    'functions_per_step=4',
    'num_train_epochs=100000',
    ...more,
  ];
  const child = spawn(process.execPath, [MAIN, 'train', ...settings], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((done) =>
    child.once('close', (code, signal) => done(signal ?? code)),
  );
  return { child, stderr: () => text, ended };
}

async function stepsDone({ child }: Started): Promise<void> {
  const events = join(run, 'events.jsonl');
  while (!existsSync(events) || !readFileSync(events, 'utf8').includes('"type":"step"')) {
    if (child.exitCode !== null) throw new Error('it ended before its first step');
    await sleep(20);
  }
}

test.each([
  ['Ctrl-C at a terminal, which both processes get', (pid: number) => process.kill(-pid, 'SIGINT')],
  ['a signal to the one that was started', (pid: number) => process.kill(pid, 'SIGTERM')],
])('%s: stopped once, in order', async (_what, stop) => {
  const started = train();
  await stepsDone(started);
  expect(runHolder(run)).not.toBe(started.child.pid);
  stop(started.child.pid!);
  expect(await started.ended).toBe(130);
  expect(started.stderr().split('stopping after what is being computed')).toHaveLength(2);
  expect(started.stderr()).toContain('vultune train --resume');
});

test('killed outright, it takes the training along', async () => {
  const started = train();
  await stepsDone(started);
  const trainer = runHolder(run);
  started.child.kill('SIGKILL');
  expect(await started.ended).toBe('SIGKILL');
  while (isProcessAlive(trainer)) await sleep(20);
});

test('the training killed outright is an end by the same signal', async () => {
  const started = train();
  await stepsDone(started);
  process.kill(runHolder(run), 'SIGKILL');
  expect(await started.ended).toBe('SIGKILL');
});

test('a mistake ends with its exit code and is told once', async () => {
  const started = train('lora_r=-1');
  expect(await started.ended).toBe(2);
  expect(started.stderr().match(/^error /gm)).toHaveLength(1);
});
