/** @file `vultune init`: files that load, with every key in them, and no file overwritten by accident. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { initCommand } from '../../../src/cli/commands/init.ts';
import { runInit } from '../../../src/cli/init/run-init.ts';
import { readSettings } from '../../../src/cli/scan/settings/find-settings.ts';
import { settingsKeys } from '../../../src/cli/scan/settings/settings-schema.ts';
import { configKeys } from '../../../src/config/describe.ts';
import { loadTrainConfig } from '../../../src/config/load.ts';
import { cliCase } from '../../support/cli-case.ts';

let folder = '';
let cwd = '';
beforeEach(() => {
  cwd = process.cwd();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-init-')));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, text = '{}'): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const init = (...argv: string[]) => cliCase([initCommand(runInit)], ['init', ...argv]);
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
/** With every key that is commented out brought in. */
const uncommented = (yaml: string) => yaml.replaceAll(/^#([a-zA-Z_0-9]+: )/gm, '$1');

test('vultune.yaml names the newest run, and loads', async () => {
  for (const [name, seconds] of [
    ['old', 100],
    ['new', 200],
  ] as const) {
    put(`runs/${name}/adapter/adapter_config.json`);
    utimesSync(put(`runs/${name}/run.json`), seconds, seconds);
  }
  put('runs/zz-without-adapter/run.json');
  const { exitCode, stdout, stderr } = await init();
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^vultune\.yaml written\. Next:\n {2}# scan as the file says\n {2}vultune scan\n/);
  expect(readSettings('vultune.yaml', folder).settings).toEqual({ run: './runs/new' });
});

test('vultune.yaml has every key with an example that is valid', async () => {
  const { stdout } = await init();
  expect(stdout).toContain('there is no run here yet');
  const all = parse(uncommented(text('vultune.yaml'))) as Record<string, unknown>;
  expect(Object.keys(all)).toEqual(settingsKeys().map(({ key }) => key));
  // Both choose the threshold: one at a time.
  for (const left of ['threshold', 'max_false_positives']) {
    const { [left]: _, ...rest } = all;
    writeFileSync('one.yaml', JSON.stringify(rest));
    expect(Object.keys(readSettings('one.yaml', folder).settings)).toHaveLength(Object.keys(all).length - 1);
  }
});

test('train.yaml loads; what is commented out is the default', async () => {
  const { stdout } = await init('--train');
  expect(stdout).toContain('there is no dataset here yet');
  expect(stdout).toContain('vultune train train.yaml --dry-run\n');
  const written = loadTrainConfig({ file: 'train.yaml' });
  expect(written).toMatchObject({ train_file: 'data/train.jsonl', output_dir: 'runs/first' });
  writeFileSync('all.yaml', uncommented(text('train.yaml')));
  expect(loadTrainConfig({ file: 'all.yaml' })).toEqual(written);
  expect(Object.keys(parse(text('all.yaml')) as object)).toEqual(configKeys().map(({ key }) => key));
});

test('train.yaml names the dataset that is here', async () => {
  for (const part of ['train', 'valid', 'test']) put(`data/ours/${part}.jsonl`);
  const { stdout } = await init('--train', '--out', 'mine.yaml');
  expect(stdout).not.toContain('no dataset');
  expect(parse(text('mine.yaml'))).toMatchObject({
    train_file: 'data/ours/train.jsonl',
    valid_file: 'data/ours/valid.jsonl',
    test_file: 'data/ours/test.jsonl',
  });
});

test('a file that is there is kept, unless --force is given', async () => {
  put('vultune.yaml', 'run: mine\n');
  const { exitCode, stderr } = await init();
  expect(exitCode).toBe(2);
  expect(stderr).toContain('OUTPUT_EXISTS');
  expect(stderr).toContain('--force');
  expect(text('vultune.yaml')).toBe('run: mine\n');
  expect((await init('--force')).exitCode).toBe(0);
  expect(text('vultune.yaml')).toContain('run: runs/first\n');
});
