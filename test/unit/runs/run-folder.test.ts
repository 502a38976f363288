import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { currentEnvironment, fingerprintFile } from '../../../src/runs/environment.ts';
import {
  createRun,
  type NewRun,
  openRun,
  openRunToWrite,
  runEvents,
  type WritableRun,
} from '../../../src/runs/run-folder.ts';

let folder = '';
let dir = '';
const open: WritableRun[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-run-'));
  dir = join(folder, 'runs/one');
});
afterEach(() => {
  for (const run of open.splice(0)) run.release();
  rmSync(folder, { recursive: true, force: true });
});

const PARTS = {
  config: { lora_r: 8 },
  environment: currentEnvironment({ versions: { vultune: '0.1.0' }, device: 'cpu', threads: 2 }),
  data: { train_file: { path: 'train.jsonl', sizeBytes: 3, sha256: 'abc' } },
};

function create(at = dir): NewRun {
  const run = createRun(at, PARTS);
  open.push(run);
  return run;
}
const code = (expected: string) => expect.objectContaining({ code: expected, exitCode: 2 });

describe('making a run', () => {
  test('run.json says what was given, and opens again', () => {
    create().release();
    const { record, paths } = openRun(dir);
    expect(record).toMatchObject({ formatVersion: 1, ...PARTS });
    expect(Number.isNaN(Date.parse(record.createdAt))).toBe(false);
    expect(paths.adapter).toBe(join(dir, 'adapter'));
    expect(readdirSync(dir).sort()).toEqual(['events.jsonl', 'run.json']);
  });

  test('an empty folder will do', () => {
    mkdirSync(dir, { recursive: true });
    expect(create().dir).toBe(dir);
  });

  test('a folder with anything in it will not, and is left as it was', () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    expect(() => create()).toThrow(code('RUN_EXISTS'));
    expect(readdirSync(dir)).toEqual(['notes.txt']);
  });

  test('what a process left that was killed before there was a run is not in the way', () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'run.lock'), JSON.stringify({ pid: dead, host: hostname(), processStart: null }));
    writeFileSync(join(dir, `run.json.${dead}.tmp`), '{');
    writeFileSync(join(dir, `run.lock.${dead}.tmp`), '');
    expect(() => openRun(dir)).toThrow(
      expect.objectContaining({ code: 'RUN_MISSING', hint: expect.stringContaining('again') }),
    );
    create().release();
    expect(readdirSync(dir).sort()).toEqual(['events.jsonl', 'run.json']);
  });

  test('nor will a run: the hint says how to go on with it', () => {
    create().release();
    expect(() => create()).toThrow(
      expect.objectContaining({ code: 'RUN_EXISTS', hint: expect.stringContaining('--resume') }),
    );
  });

  test('nor a file', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => create(join(folder, 'file'))).toThrow(code('RUN_EXISTS'));
    expect(() => create(join(folder, 'file/below'))).toThrow(
      expect.objectContaining({ name: 'VultuneError' }),
    );
  });
});

describe('a run that is refused before its first event', () => {
  test('goes with the folder that was made for it', () => {
    const run = create();
    writeFileSync(join(dir, 'factors'), '');
    run.withdraw(['factors']);
    expect(readdirSync(folder)).toEqual(['runs']);
    expect(readdirSync(join(folder, 'runs'))).toEqual([]);
    create().release();
    expect(openRun(dir).dir).toBe(dir);
  });

  test('leaves the empty folder that was there before', () => {
    mkdirSync(dir, { recursive: true });
    create().withdraw();
    expect(readdirSync(dir)).toEqual([]);
  });

  test.each<[string, (run: NewRun) => void]>([
    ['has begun', ({ events }) => events.append({ type: 'resumed', step: 0, checkpoint: '', pid: 1 })],
    ['holds a file that is not of its making', () => writeFileSync(join(dir, 'notes.txt'), 'mine')],
  ])('stays where it %s, and is given back', (_, change) => {
    const run = create();
    change(run);
    const before = readdirSync(dir).filter((name) => name !== 'run.lock');
    run.withdraw(['factors']);
    expect(readdirSync(dir)).toEqual(before);
    openRunToWrite(dir).release();
  });
});

const record = (change: object) =>
  JSON.stringify({ formatVersion: 1, createdAt: '2026-01-01', ...PARTS, ...change });

describe('opening a run', () => {
  test.each<[string, string | undefined, string]>([
    ['nothing there', undefined, 'RUN_MISSING'],
    ['broken JSON', '{', 'RUN_RECORD_BROKEN'],
    ['a newer format', '{"formatVersion": 2}', 'RUN_FORMAT_UNKNOWN'],
    ['another file of that name', '{"name": "x"}', 'RUN_FORMAT_UNKNOWN'],
    ['no configuration', '{"formatVersion": 1, "environment": {}, "data": {}}', 'RUN_RECORD_BROKEN'],
    ['a list', '[]', 'RUN_RECORD_BROKEN'],
    ['a configuration that is a list', record({ config: [] }), 'RUN_RECORD_BROKEN'],
    ['a data file without its hash', record({ data: { train_file: { path: 'x' } } }), 'RUN_RECORD_BROKEN'],
    ['a data file with a number as path', record({ data: { train_file: { path: 1 } } }), 'RUN_RECORD_BROKEN'],
    ['an environment that is text', record({ environment: 'linux' }), 'RUN_RECORD_BROKEN'],
    ['threads that are text', record({ environment: { threads: '2' } }), 'RUN_RECORD_BROKEN'],
    ['a version that is an object', '{"formatVersion": {}}', 'RUN_FORMAT_UNKNOWN'],
  ])('%s', (_, text, expected) => {
    mkdirSync(dir, { recursive: true });
    if (text !== undefined) writeFileSync(join(dir, 'run.json'), text);
    expect(() => openRun(dir)).toThrow(code(expected));
  });

  test('events go on where they stopped', () => {
    const run = create();
    run.events.append({ type: 'run_started', pid: 1, totalSteps: 10, trainFunctions: 100 });
    run.release();
    const again = openRunToWrite(dir);
    open.push(again);
    again.events.append({ type: 'resumed', step: 3, checkpoint: 'checkpoints/step-3', pid: 2 });
    expect(runEvents(openRun(dir)).map(({ type }) => type)).toEqual(['run_started', 'resumed']);
  });
});

describe('the lock', () => {
  const lockFile = () => join(dir, 'run.lock');
  const holder = (pid: number, host = hostname()) =>
    writeFileSync(lockFile(), JSON.stringify({ pid, host, processStart: null }));

  test('one writer at a time, readers always', () => {
    const run = create();
    expect(() => openRunToWrite(dir)).toThrow(code('RUN_LOCKED'));
    expect(openRun(dir).record.formatVersion).toBe(1);
    run.release();
    expect(existsSync(lockFile())).toBe(false);
    open.push(openRunToWrite(dir));
  });

  test('releasing twice does not take away the lock of the next one', () => {
    const run = create();
    run.release();
    open.push(openRunToWrite(dir));
    run.release();
    expect(existsSync(lockFile())).toBe(true);
  });

  test('the lock of a dead process is taken over', () => {
    create().release();
    holder(spawnSync(process.execPath, ['-e', '']).pid);
    open.push(openRunToWrite(dir));
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    expect(readdirSync(dir).filter((name) => name.includes('stale'))).toEqual([]);
  });

  test('a lock with our own pid that we do not hold was left by an earlier process', () => {
    create().release();
    holder(process.pid);
    open.push(openRunToWrite(dir));
  });

  test('what killed processes were writing is removed, as deep as the run writes', () => {
    create().release();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(join(dir, 'checkpoints'));
    for (const name of ['report.html', 'checkpoints/next.safetensors'])
      writeFileSync(join(dir, `${name}.${dead}.tmp`), 'half');
    open.push(openRunToWrite(dir));
    expect(readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
  });

  test.each([
    ['garbage', 'not a lock'],
    ['a list', '[1]'],
    ['a negative process', JSON.stringify({ pid: -5, host: hostname(), processStart: null })],
    ['half a line', '{"pid": 12'],
    ['a megabyte', 'x'.repeat(1 << 20)],
  ])('a lock that holds %s is of no process of ours, and is taken over', (_what, text) => {
    create().release();
    writeFileSync(lockFile(), text);
    open.push(openRunToWrite(dir));
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test('an empty lock may just be made where there are no links: it keeps the run for a moment', () => {
    create().release();
    writeFileSync(lockFile(), '');
    expect(() => openRunToWrite(dir)).toThrow(code('RUN_LOCKED'));
    utimesSync(lockFile(), 1, 1);
    open.push(openRunToWrite(dir));
  });

  test('a living process keeps it, and so does one on another machine', () => {
    create().release();
    holder(process.ppid);
    expect(() => openRunToWrite(dir)).toThrow(code('RUN_LOCKED'));
    holder(spawnSync(process.execPath, ['-e', '']).pid, 'elsewhere');
    expect(() => openRunToWrite(dir)).toThrow(/elsewhere/);
  });

  test.runIf(process.platform === 'linux')('a pid that was given to a new process does not keep it', () => {
    create().release();
    writeFileSync(lockFile(), JSON.stringify({ pid: process.ppid, host: hostname(), processStart: '1' }));
    open.push(openRunToWrite(dir));
  });
});

test('a fingerprint is the size and SHA-256 of the bytes', async () => {
  const path = join(folder, 'data');
  writeFileSync(path, 'abc');
  expect(await fingerprintFile(path)).toEqual({
    path,
    sizeBytes: 3,
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
  await expect(fingerprintFile(join(folder, 'absent'))).rejects.toThrow(code('FILE_MISSING'));
});
