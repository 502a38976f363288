/** @file Whoever reads the output may leave, the disk may be full, a signal may come: real processes of dist/. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyRun } from '../support/tiny-adapter.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'vultune-pipes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const functions = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `${name}${i}`,
    code: `function ${name}${i}(a) { return ${'a + '.repeat(i % 9)}${i % 2 ? 'eval(a)' : 'String(a)'}; }`,
    target: i % 2,
  }));

beforeAll(async () => {
  await writeTinyRun(folder);
  for (const [name, count] of [
    ['train', 32],
    ['valid', 8],
    ['many', 3000],
  ] as const) {
    const lines = functions(name, count).map((one) => `${JSON.stringify(one)}\n`);
    writeFileSync(join(folder, `${name}.jsonl`), lines.join(''));
  }
  mkdirSync(join(folder, 'src'));
  for (const { id, code } of functions('scanned', 3))
    writeFileSync(join(folder, 'src', `${id}.js`), `${code}\n`);
});

const env = { ...process.env, VULTUNE_CACHE: join(folder, 'cache'), NO_COLOR: '1' };

/** A line of bash; the exit code is that of the command before the pipe. */
function shell(line: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', line.replaceAll('vultune', `"${process.execPath}" "${MAIN}"`)],
    {
      cwd: folder,
      env,
      encoding: 'utf8',
    },
  );
  return { code: status, stdout, stderr };
}

const scan = (more: string) => `vultune scan run src --threshold 0 --num-threads 1 ${more}`;
const train = (output: string, more = '') =>
  ['train', 'base_model=base', 'train_file=train.jsonl', 'valid_file=valid.jsonl', `output_dir=${output}`]
    .concat([
      'max_length=48',
      'functions_per_step=4',
      'num_threads=1',
      'num_train_epochs=2',
      ...more.split(' ').filter(Boolean),
    ])
    .join(' ');

describe('a reader that leaves', () => {
  test.each(['json', 'text', 'sarif'])('a scan as %s ends with the code of its findings', (format) => {
    expect(shell(`${scan(`--format ${format}`)} | true; exit \${PIPESTATUS[0]}`)).toMatchObject({ code: 1 });
  });

  test('a training whose display is closed goes on to its end', () => {
    const { code } = shell(`vultune ${train('headless')} 2>&1 | head -1; exit \${PIPESTATUS[0]}`);
    expect(code).toBe(0);
    expect(existsSync(join(folder, 'headless', 'finished.json'))).toBe(true);
    expect(existsSync(join(folder, 'headless', 'run.lock'))).toBe(false);
  });

  test('predictions for nobody are not made: the end is quiet, with the code of a closed pipe', () => {
    const line = 'vultune predict run --data many.jsonl --num-threads 1';
    const { code, stdout, stderr } = shell(`${line} | head -1; exit \${PIPESTATUS[0]}`);
    expect(code).toBe(141);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/error|EPIPE/);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a disk that is full', () => {
  test.each([
    ['a scan', scan('--format json > /dev/full')],
    ['a scan to a device', scan('--format json --output /dev/full')],
    ['predictions', 'vultune predict run --data valid.jsonl > /dev/full'],
    ['help', 'vultune --help > /dev/full'],
  ])('%s: an error that says so, and a code that is not one of findings', (_what, line) => {
    const { code, stderr } = shell(line);
    expect(code).toBe(2);
    expect(stderr).toContain('DISK_FULL');
    expect(stderr).not.toContain('internal error');
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  test('a display that cannot be written does not stop a training', () => {
    expect(shell(`vultune ${train('no-display')} 2> /dev/full`).code).toBe(0);
  });

  test('a limit on the size of files is an error with a code', () => {
    const { code, stderr } = shell(`ulimit -f 8; vultune ${train('small')}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('FILE_TOO_LARGE')]);
  });

  test('a name that is too long is an error with a code', () => {
    const { code, stderr } = shell(`vultune ${train('x'.repeat(300))}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('FILE_NAME_INVALID')]);
  });
});

describe('a signal', () => {
  const start = (args: string): ChildProcess =>
    spawn(process.execPath, [MAIN, ...args.split(' ')], { cwd: folder, env, stdio: 'ignore' });
  const ended = (child: ChildProcess) =>
    new Promise<number | null>((done) => child.once('exit', (code) => done(code)));

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s in the middle of a training: a checkpoint, the code %i, and a resume to the end',
    async (signal, code) => {
      const run = `signal-${signal}`;
      const child = start(train(run, 'num_train_epochs=40'));
      const end = ended(child);
      const events = join(folder, run, 'events.jsonl');
      const hasStep = () => existsSync(events) && readFileSync(events, 'utf8').includes('"type":"step"');
      while (!hasStep() && child.exitCode === null) await new Promise((next) => setTimeout(next, 20));
      child.kill(signal);
      expect(await end).toBe(code);
      expect(existsSync(join(folder, run, 'run.lock'))).toBe(false);
      expect(existsSync(join(folder, run, 'checkpoints', 'last.safetensors'))).toBe(true);
      expect(shell(`vultune train --resume ${run}`).code).toBe(0);
      expect(existsSync(join(folder, run, 'finished.json'))).toBe(true);
    },
  );

  test.each([
    ['scan', 'scan run src --num-threads 1 --no-cache', 'SIGINT', 130],
    ['evaluate', 'evaluate run --data many.jsonl --num-threads 1', 'SIGTERM', 143],
    ['predict', 'predict run --data many.jsonl --num-threads 1', 'SIGINT', 130],
  ] as const)(
    '%s ends with the code of the signal, or its own where it was done before',
    async (_name, args, signal, code) => {
      const child = start(args);
      const end = ended(child);
      await new Promise((next) => setTimeout(next, 1500));
      child.kill(signal);
      expect([code, 0, 1]).toContain(await end);
    },
  );

  test('the second SIGINT ends a command that waits for a named pipe without a writer', async () => {
    spawnSync('mkfifo', [join(folder, 'nobody-writes')]);
    const child = spawn(process.execPath, [MAIN, 'predict', 'run', '--data', 'nobody-writes'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const end = new Promise((done) => child.once('exit', (_, signal) => done(signal)));
    await new Promise((next) => setTimeout(next, 1500));
    child.kill('SIGINT');
    await new Promise((next) => child.stderr.once('data', next));
    child.kill('SIGINT');
    expect(await end).toBe('SIGINT');
  });
});
