/** @file The package as a program gets it: packed, installed in an empty project, used and type-checked there. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyRun } from '../support/tiny-adapter.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const project = mkdtempSync(join(tmpdir(), 'vultune-library-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(command: string, argv: readonly string[], cwd: string): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, argv, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, VULTUNE_CACHE: join(project, 'cache') },
  });
  return { code: status, output: `${stdout}${stderr}` };
}

/** What `npm install` of the tarball leaves, with the repository's own dependencies, so that nothing is fetched. */
beforeAll(async () => {
  const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], REPOSITORY);
  expect(packed).toMatchObject({ code: 0 });
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'))!;
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'vultune');
  mkdirSync(installed, { recursive: true });
  expect(
    run('tar', ['-xzf', join(project, tarball), '--strip-components=1', '-C', installed], project).code,
  ).toBe(0);
  const ours = join(REPOSITORY, 'node_modules');
  // A consumer has the types of Node, and none of those that only this repository is built with.
  mkdirSync(join(modules, '@types'));
  for (const name of [...readdirSync(ours).filter((one) => !/^\.|^@types$/.test(one)), '@types/node']) {
    symlinkSync(join(ours, name), join(modules, name));
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module' }));
  await writeTinyRun(project);
});

test('the executable of the package says its version and its help, and scans in an empty folder', () => {
  const bin = join(project, 'node_modules', 'vultune', 'bin', 'vultune.js');
  const vultune = (...argv: string[]) => run(process.execPath, [bin, ...argv], elsewhere);
  const elsewhere = join(project, 'empty');
  mkdirSync(elsewhere);
  const { version } = JSON.parse(
    readFileSync(join(project, 'node_modules', 'vultune', 'package.json'), 'utf8'),
  ) as { version: string };
  expect(vultune('--version')).toEqual({ code: 0, output: `${version}\n` });
  const help = vultune('--help');
  expect(help.code).toBe(0);
  expect(help.output).toContain('Usage: vultune ');
  writeFileSync(join(elsewhere, 'source.js'), 'function run(name) {\n  return eval(name);\n}\n');
  const scan = vultune('scan', join(project, 'run'), '.', '--threshold', '0');
  expect(scan.output).toContain('source.js');
  expect(scan.code).toBe(1);
  expect(vultune('init').code).toBe(0);
  expect(vultune('scan', join(project, 'run'), '--threshold', '1').output).toContain('from ./vultune.yaml');
});

test('the program of examples/library builds a dataset, trains, evaluates, judges and scans', () => {
  const functions = Array.from({ length: 60 }, (_, i) => ({
    code: `int f${i}(int a${i}) { return ${i % 2 ? `system(a${i})` : `g${i}(a${i}, ${i})`} + ${'x'.repeat(1 + (i % 7))}${i}; }`,
    target: i % 2,
    commit: `c${i}`,
    project: 'p',
  }));
  const file = join(project, 'functions.jsonl');
  writeFileSync(file, functions.map((one) => `${JSON.stringify(one)}\n`).join(''));
  cpSync(
    join(REPOSITORY, 'examples', 'library', 'train-and-judge.mjs'),
    join(project, 'train-and-judge.mjs'),
  );
  const source = join(project, 'source.js');
  writeFileSync(source, 'function run(name) {\n  return eval(name);\n}\n');
  const argv = ['train-and-judge.mjs', join(project, 'base'), file, join(project, 'out'), source];
  const { code, output } = run(process.execPath, argv, project);
  expect(output).toMatch(/^ROC AUC [\d.]+\nscore 0\.\d+\nfindings 1\n$/);
  expect(code).toBe(0);
});

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('a consumer type-checks under module %s, moduleResolution %s', (module, moduleResolution) => {
  const folder = join(project, moduleResolution);
  mkdirSync(folder);
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  const compilerOptions = {
    module,
    moduleResolution,
    target: 'es2023',
    // The types of onnxruntime-common name some of the DOM's.
    lib: ['es2023', 'dom'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer.ts'] }));
  const tsc = join(REPOSITORY, 'node_modules', '.bin', 'tsc');
  expect(run(tsc, ['-p', folder], project)).toEqual({ code: 0, output: '' });
});

/** Results have their types, and options that do not exist are refused. */
const CONSUMER = `
import { evaluate, openJudge, predict, scan, type Reporter, silent, train, buildDataset } from 'vultune';
import { GraphBuilder, classify, type Head } from 'vultune/engine';
import { readLabelledRecords, type LabelledRecord } from 'vultune/dataset';

const report: Reporter = { ...silent, note: (text: string) => console.log(text) };
const files = { train_file: 'a', valid_file: 'b', output_dir: 'd' };
const result = await train({ base_model: 'c', ...files }, { report });
if (result.status === 'finished') console.log(result.threshold.toFixed(2));
// @ts-expect-error there is no such key
await train({ base_model: 'c', ...files, learning_rat: 1 });
const { evaluated } = await evaluate({ runs: ['d'], data: 'e' });
const auc: number | undefined = evaluated[0]?.comparison.rows[0]?.result.metrics.rocAuc;
// @ts-expect-error runs is a list
await evaluate({ runs: 'd', data: 'e' });
const judge = await openJudge('d', { threshold: 0.5 });
const scores: Float64Array = (await judge.judge(['code'], {})).scores;
await judge.close();
const [first] = await predict({ run: 'd', data: 'e' });
const label: 0 | 1 | undefined = first?.label;
const { info } = await buildDataset({ sources: ['git=fixes.csv'], out: 'f' });
const records: readonly LabelledRecord[] = await readLabelledRecords('g');
const found: number = (await scan({ run: 'd', paths: ['src'] })).report.findings.length;
const heads: Head[] = [];
console.log(auc, found, scores, label, info.splits, records, heads, GraphBuilder, classify);
`;
