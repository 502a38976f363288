/** @file `vultune report` and `vultune serve`: options, names, files that are written. */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportCommand } from '../../../src/cli/commands/report.ts';
import { serveCommand } from '../../../src/cli/commands/serve.ts';
import { runReport } from '../../../src/cli/report/run-report.ts';
import { shortNames } from '../../../src/workflows/report/report.ts';
import type { ServeRunsOptions } from '../../../src/workflows/serve/serve-options.ts';
import { cliCase } from '../../support/cli-case.ts';
import { fakeRun } from '../../support/fake-run.ts';

const report = [reportCommand(runReport)];

test('one run: its own page, in its folder', async () => {
  const run = fakeRun({ functions: 12 });
  const { exitCode, stdout } = await cliCase(report, ['report', run]);
  expect(exitCode).toBe(0);
  expect(stdout.trim()).toBe(join(run, 'report.html'));
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Against its baselines');
});

test('several runs: side by side; TensorBoard: a folder a run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-report-'));
  const runs = ['a', 'b'].map((name) => fakeRun({ dir: join(folder, name, 'run') }));
  const out = join(folder, 'all.html');
  await cliCase(report, ['report', ...runs, '--out', out]);
  expect(readFileSync(out, 'utf8')).toContain('a/run');
  const { stdout } = await cliCase(report, ['report', ...runs, '--tensorboard', join(folder, 'tb')]);
  const files = stdout.trim().split('\n');
  expect(new Set(files).size).toBe(2);
  expect(files.every((file) => existsSync(file))).toBe(true);
});

test('a folder that is no run is an error that says so, and nothing is written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-report-'));
  const { exitCode, stderr } = await cliCase(report, ['report', folder]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('RUN_MISSING');
  expect(existsSync(join(folder, 'report.html'))).toBe(false);
});

test('names are as long as it takes to tell them apart', () => {
  expect(shortNames(['/x/a', '/x/b'])).toEqual(['a', 'b']);
  expect(shortNames(['/x/a/1', '/y/a/1'])).toEqual(['x/a/1', 'y/a/1']);
});

test('serve listens on loopback unless told, and refuses what is no port', async () => {
  const asked: ServeRunsOptions[] = [];
  const serve = [
    serveCommand(
      async (request) => {
        asked.push(request);
      },
      async () => {
        throw new Error('not asked for a scan server');
      },
    ),
  ];
  expect((await cliCase(serve, ['serve'])).exitCode).toBe(0);
  expect(asked).toEqual([{ dir: 'runs', host: '127.0.0.1', port: 8484 }]);
  expect((await cliCase(serve, ['serve', '--port', '70000'])).exitCode).toBe(2);
});
