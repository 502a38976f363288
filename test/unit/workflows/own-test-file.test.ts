/** @file `predict` and `lines` without --data: the test file of the run. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesCommand } from '../../../src/cli/commands/lines.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { runLines } from '../../../src/cli/lines/run-lines.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let run = '';
let test_file = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-own-test-'));
  run = await writeTinyRun(folder);
  test_file = join(folder, 'test.jsonl');
  writeFileSync(test_file, '{"id": "first", "code": "int f() { return 1; }", "target": 0}\n');
  const record = join(run, 'run.json');
  const json = JSON.parse(readFileSync(record, 'utf8')) as Record<string, unknown>;
  const data = { test_file: { path: test_file, sizeBytes: statSync(test_file).size, sha256: '' } };
  writeFileSync(record, JSON.stringify({ ...json, data }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SAID = () => expect.stringContaining(`data: ${test_file}, the test file of the run\n`);

test('predict scores it, and says so on standard error', async () => {
  const { exitCode, stdout, stderr } = await cliCase([predictCommand(runPredict)], ['predict', run]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: SAID() });
  expect(JSON.parse(stdout)).toMatchObject({ id: 'first' });
});

test('lines explains it, and its JSON names it', async () => {
  const { exitCode, stdout, stderr } = await cliCase([linesCommand(runLines)], ['lines', run, '--json']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: SAID() });
  expect(JSON.parse(stdout)).toMatchObject({ data: test_file, functions: [{ id: 'first' }] });
});

test('an adapter that is not in a run needs --data', async () => {
  const { exitCode, stderr } = await cliCase([predictCommand(runPredict)], ['predict', join(run, 'adapter')]);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining('RUN_NO_TEST_FILE'),
  });
  expect(stderr).toContain('--data FILE');
});
