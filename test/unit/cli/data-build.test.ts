/** @file `vultune data build SOURCE...`: what is asked of the builder, the summary, what is refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import type { BuildInfo } from '../../../src/dataset/builder/build-info.ts';
import type { BuildOptions } from '../../../src/dataset/builder/build-options.ts';
import type { BuildParts } from '../../../src/workflows/build-dataset/build-dataset.ts';
import { cliCase } from '../../support/cli-case.ts';

const split = {
  functions: 1234,
  vulnerable: 400,
  P1: 400,
  P2: 400,
  P3: 434,
  projects: 3,
  commits: 99,
  sha256: '',
};
const info = {
  options: { seed: 42 },
  counts: { fixes: { kept: 7, 'no function changed': 2 }, changed: { kept: 400 } },
  splits: { train: split, valid: split, test: split },
  sources: [],
} as unknown as BuildInfo;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-cli-build-'));
  mkdirSync(join(folder, 'CVE-1'));
  writeFileSync(join(folder, 'CVE-1', 'statement.yaml'), 'vulnerability_id: CVE-1\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const asked: BuildOptions[] = [];
const reported: string[] = [];
const parts: Partial<BuildParts> = {
  build: async (options) => {
    asked.push(options);
    options.onProgress?.({ phase: 'fetch', done: 1, total: 2, message: 'a/b' });
    return { outDir: options.outDir, info };
  },
  report: async (outDir) => void reported.push(outDir),
  cacheDir: async () => '/cache',
};
const command = dataCommand(parts as BuildParts);
const run = (...argv: string[]) => cliCase([command], ['data', 'build', ...argv]);

describe('data build', () => {
  test('a folder that holds a dataset is refused, and replaced with --force', async () => {
    const out = join(folder, 'built');
    mkdirSync(out);
    writeFileSync(join(out, 'dataset.json'), '{}');
    const before = asked.length;
    const refused = await run(`project-kb=${folder}`, '--out', out);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('OUTPUT_EXISTS')]);
    expect(refused.stderr).toContain('--force');
    expect(asked).toHaveLength(before);
    expect((await run(`project-kb=${folder}`, '--out', out, '--force', '--no-report')).exitCode).toBe(0);
    expect(asked).toHaveLength(before + 1);
  });

  test('sources, defaults, the summary', async () => {
    const { stdout, stderr, exitCode } = await run(`project-kb=${folder}`, '--out', 'd');
    expect(exitCode).toBe(0);
    expect(asked.at(-1)).toMatchObject({
      outDir: 'd',
      cacheDir: '/cache',
      strict: true,
      negatives: 'same-commit',
      split: 'commit',
      fractions: { train: 0.8, valid: 0.1, test: 0.1 },
      sources: [{ kind: 'changes', info: { name: 'project-kb', location: folder } }],
    });
    expect(reported).toEqual(['d']);
    expect(stderr).toContain('reading 50%  a/b');
    expect(stdout).toMatch(/train +1,234 +400 +400 +434 +3 +99\n/);
    expect(stdout).toMatch(/fixes +2 +no function changed\n/);
    expect(stdout).toContain('report.html');
  });

  test('options come through; several sources; --json', async () => {
    const options =
      '--no-strict --ratio 34 --negatives same-files --split time --time-per project --exclude a b';
    const sources = [`project-kb=${folder}`, `project-kb=${folder}`];
    const { stdout } = await run(...sources, '--out', 'd', '--no-report', '--json', ...options.split(' '));
    expect(JSON.parse(stdout)).toEqual(info);
    expect(reported).toEqual(['d']);
    expect(asked.at(-1)).toMatchObject({
      strict: false,
      ratio: 34,
      negatives: 'same-files',
      split: 'time',
      timePer: 'project',
      exclude: ['a', 'b'],
    });
    expect(asked.at(-1)!.sources).toHaveLength(2);
  });

  test('npm packages beside another source', async () => {
    const facts = join(folder, 'facts.jsonl');
    writeFileSync(facts, '{"package":"a","fixed":"1.0.1","cve":"CVE-2020-1000"}\n');
    const { exitCode } = await run(`npm=${facts}`, `project-kb=${folder}`, '--out', 'd');
    expect(exitCode).toBe(0);
    const names = asked.at(-1)!.sources.map(({ info: { name } }) => name);
    expect(names).toEqual(['npm', 'project-kb']);
  });

  test('npm alone: its table, and what the table names', async () => {
    const { exitCode } = await run(
      'npm',
      '--out',
      'd',
      '--negatives-per-positive',
      '2',
      '--max-tokens',
      '500',
    );
    expect(exitCode).toBe(0);
    expect(asked.at(-1)).toMatchObject({
      outDir: 'd',
      cacheDir: '/cache',
      namedOnly: true,
      strict: false,
      split: 'project',
      ratio: 2,
      negativeLengths: 'natural',
      minTokens: 5,
      maxTokens: 500,
      fractions: { train: 0.8, valid: 0.1, test: 0.1 },
      seed: 42,
      sources: [{ info: { name: 'npm', location: 'npm.jsonl, which comes with vultune' } }],
    });
    expect(reported.at(-1)).toBe('d');
  });

  test("npm alone: a table of one's own, and the old name of --num-threads", async () => {
    const facts = join(folder, 'own.jsonl');
    writeFileSync(facts, '{"package":"a","vulnerable":"1.0.0","fixed":"1.0.1","cve":"CVE-2020-1000"}\n');
    const { stdout } = await run('npm', '--advisories', facts, '--out', 'd', '--concurrency', '2', '--json');
    expect(JSON.parse(stdout)).toEqual(info);
    expect(asked.at(-1)).toMatchObject({ threads: 2, sources: [{ info: { location: facts } }] });
  });

  test.each([
    [[]],
    [['--out', 'd', '--fractions', '0.5,0.5']],
    [['--out', 'd', '--fractions', '0.5,0.5,0.5']],
    [['--out', 'd', '--seed', '-1']],
  ])('npm %j is refused', async (argv) => {
    const before = asked.length;
    expect((await run('npm', ...argv)).stderr).toMatch(/^error CLI_USAGE/);
    expect(asked).toHaveLength(before);
  });

  test.each([
    [['--out', 'd'], 'CLI_USAGE', 'no source'],
    [['project-kb=x'], 'CLI_USAGE', '--out'],
    [['projectkb=x', '--out', 'd'], 'CLI_USAGE', 'did you mean project-kb'],
    [['fixes.csv', '--out', 'd'], 'CLI_USAGE', 'write NAME=fixes.csv'],
    [['project-kb', '--out', 'd'], 'SOURCE_LOCATION', 'project-kb=FOLDER'],
    [['project-kb=/nowhere', '--out', 'd'], 'FILE_MISSING', '/nowhere'],
    [['project-kb=x', '--out', 'd', '--negatives', 'some'], 'CLI_USAGE', 'same-commit'],
    [['project-kb=x', '--out', 'd', '--max-changed-functions', '0'], 'CLI_USAGE', 'an integer >= 1'],
  ])('%j is refused: %s', async (argv, code, text) => {
    const count = asked.length;
    const { exitCode, stderr } = await run(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(code);
    expect(stderr).toContain(text);
    expect(asked).toHaveLength(count);
  });
});
