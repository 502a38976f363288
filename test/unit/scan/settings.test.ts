/** @file vultune.yaml: where it is found, what it may say, and that the command line wins over it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configCommand } from '../../../src/cli/commands/config.ts';
import { type ScanRequest, scanCommand } from '../../../src/cli/commands/scan.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { completeScan, optionName } from '../../../src/cli/scan/settings/complete-scan.ts';
import { locateSettings, readSettings } from '../../../src/cli/scan/settings/find-settings.ts';
import { settingsJsonSchema, settingsKeys } from '../../../src/cli/scan/settings/settings-schema.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let cwd = '';
let cacheBefore: string | undefined;

beforeEach(() => {
  cwd = process.cwd();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-settings-')));
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = join(folder, 'cache');
});
afterEach(() => {
  process.chdir(cwd);
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const RUN = { 'runs/first/run.json': '{}', 'runs/other/run.json': '{}' };

/** What a scan is asked for, as the executable completes it. */
async function asked(...argv: string[]): Promise<{ request: ScanRequest | undefined; stderr: string }> {
  const requests: ScanRequest[] = [];
  const command = scanCommand(async (request) => void requests.push(request), completeScan);
  const { stderr } = await cliCase([command], ['scan', ...argv]);
  return { request: requests[0], stderr };
}

describe('where the settings are found', () => {
  test('in the current folder, and else at the top of its repository', () => {
    put({ 'own/.git/HEAD': '', 'own/vultune.yaml': '', 'own/a/vultune.yaml': '', 'own/b/c/x.js': '' });
    expect(locateSettings(join(folder, 'own', 'a'))).toBe(join(folder, 'own', 'a', 'vultune.yaml'));
    expect(locateSettings(join(folder, 'own', 'b', 'c'))).toBe(join(folder, 'own', 'vultune.yaml'));
  });

  test('not above a repository, and not above a folder that is in none', () => {
    put({ 'vultune.yaml': '', 'own/.git/HEAD': '', 'own/x.js': '', 'plain/x.js': '' });
    expect(locateSettings(join(folder, 'own'))).toBeUndefined();
    expect(locateSettings(join(folder, 'plain'))).toBeUndefined();
  });

  test("a scanned tree's own settings are never read, whether it is below the current folder or elsewhere", async () => {
    put({
      ...RUN,
      'theirs/.git/HEAD': '',
      'theirs/vultune.yaml': 'exclude: ["**"]\nthreshold: 1\n',
      'theirs/x.js': '',
    });
    process.chdir(folder);
    const below = await asked('runs/first', 'theirs');
    expect(below.request).toMatchObject({ paths: ['theirs'], exclude: [] });
    expect(below.request).not.toHaveProperty('threshold');
    expect(below.stderr).toBe('');
    put({ 'own/x.js': '' });
    process.chdir(join(folder, 'own'));
    const elsewhere = await asked('../runs/first', '../theirs');
    expect(elsewhere.request).toMatchObject({ exclude: [] });
  });

  test('they are not used for a tree outside of their folder, and that is said', async () => {
    put({ ...RUN, 'own/vultune.yaml': 'exclude: [gen]\nrun: ../runs/first\n', 'theirs/x.js': '' });
    process.chdir(join(folder, 'own'));
    const { request, stderr } = await asked('../runs/other', '../theirs');
    expect(request).toMatchObject({ run: '../runs/other', paths: ['../theirs'], exclude: [] });
    expect(stderr).toBe('./vultune.yaml is not used: it is for its own folder, and ../theirs is not in it\n');
  });

  test('--no-settings reads none, --settings reads another file', async () => {
    put({ ...RUN, 'vultune.yaml': 'frames: 3\n', 'ci.yaml': 'run: runs/first\nframes: 7\n' });
    process.chdir(folder);
    expect((await asked('runs/first', '.', '--no-settings')).request).toMatchObject({ frames: 20 });
    const other = await asked('--settings', 'ci.yaml');
    expect(other.request).toMatchObject({ run: './runs/first', paths: ['.'], frames: 7 });
    expect(other.stderr).toBe('settings from ./ci.yaml: run, frames\n');
    expect(other.request).not.toHaveProperty('settings');
  });
});

describe('the settings and the command line', () => {
  const SETTINGS = `run: runs/first
paths: [src]
exclude: [gen]
max_false_positives: 1/200
format: sarif
out: findings.sarif
fail_on: none
cache: false
`;

  test('without arguments everything is as the settings say', async () => {
    put({ ...RUN, 'vultune.yaml': SETTINGS, 'src/a.js': '' });
    process.chdir(folder);
    const { request, stderr } = await asked();
    expect(request).toMatchObject({
      run: './runs/first',
      paths: ['./src'],
      exclude: ['gen'],
      maxFalsePositives: 0.005,
      format: 'sarif',
      output: './findings.sarif',
      failOn: 'none',
      cache: false,
      globFolder: folder,
    });
    expect(stderr).toBe(
      'settings from ./vultune.yaml: run, paths, exclude, max_false_positives, fail_on, format, out, cache\n',
    );
  });

  test('what is typed wins, and makes void what belongs to another choice', async () => {
    put({ ...RUN, 'vultune.yaml': SETTINGS, 'src/a.js': '', 'lib/b.js': '' });
    process.chdir(folder);
    const { request } = await asked('runs/other', 'lib', '--threshold', '0.9', '--format', 'json');
    expect(request).toMatchObject({ run: 'runs/other', paths: ['lib'], threshold: 0.9, format: 'json' });
    expect(request).not.toHaveProperty('maxFalsePositives');
    expect(request).not.toHaveProperty('output');
    expect((await asked('--exclude', 'a')).request).toMatchObject({ exclude: ['a'] });
    expect((await asked('--output', 'x')).request).toMatchObject({ output: 'x' });
  });

  test('a first word that is there and is not a run is a path; one that is a run is the run', async () => {
    put({ ...RUN, 'vultune.yaml': SETTINGS, 'src/a.js': '', 'lib/b.js': '' });
    process.chdir(folder);
    expect((await asked('lib', 'src')).request).toMatchObject({ run: './runs/first', paths: ['lib', 'src'] });
    expect((await asked('runs/other')).request).toMatchObject({ run: 'runs/other', paths: ['./src'] });
    expect((await asked('org/adapter')).request).toMatchObject({ run: 'org/adapter', paths: ['./src'] });
  });

  test('from a folder below, paths start at the folder of the settings', async () => {
    put({ ...RUN, '.git/HEAD': '', 'vultune.yaml': SETTINGS, 'src/deep/a.js': '' });
    process.chdir(join(folder, 'src'));
    const { request, stderr } = await asked();
    expect(request).toMatchObject({ run: '../runs/first', paths: ['.'], output: '../findings.sarif' });
    expect(stderr).toContain('settings from ../vultune.yaml:');
  });

  test('without settings a scan still needs a run and paths, and the message says how to write them down', async () => {
    process.chdir(folder);
    expect((await asked()).stderr).toContain('a run and paths to scan are missing');
    expect((await asked('runs/first')).stderr).toContain('vultune init');
  });
});

describe('what is refused', () => {
  const refused = (text: string) => {
    put({ 'vultune.yaml': text });
    return expect(() => readSettings(join(folder, 'vultune.yaml'), folder));
  };

  test('an unknown key, with the nearest one and its place', () => {
    refused('paths: [a]\nexlude: [b]\n').toThrow(
      expect.objectContaining({
        code: 'CONFIG_KEY_UNKNOWN',
        hint: 'did you mean exclude?',
        where: { file: './vultune.yaml', line: 2, name: 'exlude' },
      }),
    );
  });

  test.each([
    ['threshold: 2', 'CONFIG_VALUE_INVALID', 'threshold is the number 2, expected a number from 0 to 1'],
    ['format: xml', 'CONFIG_VALUE_INVALID', 'format is the string "xml", expected text, json, sarif'],
    ['max_false_positives: 3/2', 'CONFIG_VALUE_INVALID', 'expected a number from 0 to 1 or a share such as'],
    ['exclude: gen', 'CONFIG_VALUE_INVALID', 'exclude is the string "gen", expected a list of names'],
    ['threshold: 0.5\nmax_false_positives: 0.1', 'CONFIG_CONFLICT', 'both set'],
    ['- a', 'CONFIG_SYNTAX', 'not a map of keys and values'],
  ])('%s', (text, code, message) => {
    refused(text).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  test.each([
    'out: ../x',
    'baseline: ../../x',
    'paths: [src, ../other]',
    'out: /tmp/x',
    'out: link/x',
    'out: dangling',
    'paths: [link]',
    'out: "a\\0b"',
    `out: ${'a/'.repeat(3000)}b`,
  ])('a path that leaves the folder: %s', (text) => {
    mkdirSync(join(folder, 'own'));
    symlinkSync(folder, join(folder, 'own', 'link'));
    symlinkSync(join(folder, 'nothing'), join(folder, 'own', 'dangling'));
    writeFileSync(join(folder, 'own', 'vultune.yaml'), text);
    expect(() => readSettings(join(folder, 'own', 'vultune.yaml'), folder)).toThrow(
      /expected a path within the folder of the settings/,
    );
  });

  test('a new file in a new folder is written within it', () => {
    put({ 'vultune.yaml': 'out: new/deep/x.sarif\n' });
    expect(readSettings(join(folder, 'vultune.yaml'), folder).settings.out).toBe('./new/deep/x.sarif');
  });
});

test('every option of a scan that is not of one call only is a key, and every key is an option', () => {
  const OF_ONE_CALL = [
    'diff',
    'updateBaseline',
    'acceptedBy',
    'acceptedUntil',
    'output',
    'settings',
    'help',
    'allowEndpoint',
    'shard',
    'merge',
  ];
  const context = { stdout: {}, stderr: {} } as never;
  const options = scanCommand(async () => {})(context).options.map((option) => option.attributeName());
  const wanted = [...new Set(options)].filter((name) => !OF_ONE_CALL.includes(name));
  const keys = settingsKeys().map(({ key }) => optionName(key));
  expect(keys.filter((key) => key !== 'run' && key !== 'paths').sort()).toEqual(wanted.sort());
});

test('vultune config schema --scan is the JSON Schema, config keys --scan the list', async () => {
  const { stdout } = await cliCase([configCommand], ['config', 'schema', '--scan']);
  expect(JSON.parse(stdout)).toEqual(settingsJsonSchema());
  expect(settingsJsonSchema()).toMatchObject({
    additionalProperties: false,
    properties: { fail_on: { enum: ['vulnerable', 'uncertain', 'none'] }, paths: { type: 'array' } },
  });
  const list = await cliCase([configCommand], ['config', 'keys', 'baseline', '--scan']);
  expect(list.stdout).toContain('  baseline\n    A file of findings');
});

test('a scan with settings leaves out what they exclude, seen from the folder they are in', async () => {
  await writeTinyRun(folder);
  const code = 'function f(a) {\n  return eval(a);\n}\n';
  put({
    'tree/.git/HEAD': '',
    'tree/src/a.js': code,
    'tree/src/gen/b.js': code,
    'tree/vultune.yaml': 'run: ../run\nexclude: [src/gen]\nformat: json\nnum_threads: 1\n',
  });
  const scan = scanCommand(runScan, completeScan);
  process.chdir(join(folder, 'tree', 'src'));
  const { stdout } = await cliCase([scan], ['scan', '.']);
  expect((JSON.parse(stdout) as { counts: object }).counts).toMatchObject({ functions: 1 });
  const all = await cliCase([scan], ['scan', '.', '--exclude', 'none']);
  expect((JSON.parse(all.stdout) as { counts: object }).counts).toMatchObject({ functions: 2 });
});
