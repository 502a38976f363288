/** @file A model that gives no number for a function: every command refuses it, and nothing of it is kept. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compareCommand } from '../../../src/cli/commands/compare.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { linesCommand } from '../../../src/cli/commands/lines.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runCompare } from '../../../src/cli/compare/run-compare.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { runLines } from '../../../src/cli/lines/run-lines.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { cliCase } from '../../support/cli-case.ts';
import { overflowHead } from '../../support/damaged-adapter.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let run = '';
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-not-finite-')));
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
  run = await writeTinyRun(folder);
  await overflowHead(join(run, 'adapter'));
  mkdirSync(join(folder, 'tree'));
  writeFileSync(
    join(folder, 'tree', 'a.c'),
    'int first(int a) { return call(a); }\nint second(int b) { return -call(b); }\n',
  );
  const rows = [
    { id: 'r56', code: 'int first(int a) { return call(a); }', target: 1 },
    { id: 'r57', code: 'int second(int b) { return -call(b); }', target: 0 },
  ];
  writeFileSync(join(folder, 'x.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const COMMANDS = [
  scanCommand(runScan),
  predictCommand(runPredict),
  linesCommand(runLines),
  evaluateCommand(runEvaluate),
  compareCommand(runCompare),
];

describe('a model whose scores are not finite numbers is refused by', () => {
  test.each([
    ['scan', ['scan', 'RUN', 'TREE']],
    ['scan into a SARIF file', ['scan', 'RUN', 'TREE', '--format', 'sarif', '--output', 'OUT']],
    ['scan with another threshold', ['scan', 'RUN', 'TREE', '--threshold', '0']],
    ['scan at another base rate', ['scan', 'RUN', 'TREE', '--prevalence', '0.01']],
    ['predict', ['predict', 'RUN', '--data', 'DATA']],
    ['predict into a file', ['predict', 'RUN', '--data', 'DATA', '--out', 'OUT']],
    ['lines', ['lines', 'RUN', '--data', 'DATA']],
    ['lines by occlusion', ['lines', 'RUN', '--data', 'DATA', '--method', 'occlusion']],
    ['evaluate', ['evaluate', 'RUN', '--data', 'DATA']],
    ['compare', ['compare', 'RUN', 'RUN', '--data', 'DATA']],
  ])('%s', async (_, argv) => {
    const paths: Readonly<Record<string, string>> = {
      RUN: run,
      TREE: join(folder, 'tree'),
      DATA: join(folder, 'x.jsonl'),
      OUT: join(folder, 'out'),
    };
    const { exitCode, stdout, stderr } = await cliCase(COMMANDS, [
      ...argv.map((word) => paths[word] ?? word),
      '--num-threads',
      '1',
    ]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error SCORE_NOT_FINITE');
    expect(stderr).toContain('"int ');
    if (argv.includes('predict')) expect(stderr).toContain('r56');
    expect(existsSync(join(folder, 'out'))).toBe(false);
    const cache = join(folder, 'cache', 'scan');
    const kept = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('scores-')) : [];
    expect(kept).toEqual([]);
  });
});
