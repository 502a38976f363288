/** @file Command lines that are nearly right are refused with the call that was probably meant. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { trainCommand } from '../../../src/cli/commands/train.ts';
import { readRecords } from '../../../src/dataset/read-jsonl.ts';
import { cliCase } from '../../support/cli-case.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-hint-'));
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'run', 'run.json'), '{}');
  mkdirSync(join(folder, 'src'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('settings as options of train', () => {
  const nothing = (() => Promise.resolve()) as never;
  const command = trainCommand({ train: nothing, resume: nothing, check: nothing });

  test.each([
    [['--learning_rate', '2e-4'], 'learning_rate=2e-4'],
    [['--learning-rate=2e-4'], 'learning_rate=2e-4'],
    [['--lora_layers', 'last 8'], '"lora_layers=last 8"'],
    [['--feature_cache'], 'feature_cache=VALUE'],
  ])('%j: the hint writes the setting without dashes', async (options, expected) => {
    const { exitCode, stderr } = await cliCase([command], ['train', 'train.yaml', ...options]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`settings are written without dashes: ${expected}\n`);
  });

  test('an option that is not a setting keeps the usual hint', async () => {
    const { stderr } = await cliCase([command], ['train', 'train.yaml', '--dry-rum']);
    expect(stderr).toContain('did you mean --dry-run?');
  });
});

describe('a run and data in each other’s place', () => {
  const asked: unknown[] = [];
  const stage = async (request: unknown) => void asked.push(request);

  test('scan and evaluate say to swap them', async () => {
    const [run, src] = [join(folder, 'run'), join(folder, 'src')];
    const scan = await cliCase([scanCommand(stage)], ['scan', src, run]);
    expect(scan).toMatchObject({ exitCode: 2 });
    expect(scan.stderr).toContain(`swap them: vultune scan ${run} ${src}\n`);
    const evaluate = await cliCase([evaluateCommand(stage)], ['evaluate', src, '--data', run]);
    expect(evaluate.stderr).toContain(`swap them: vultune evaluate ${run} --data ${src}\n`);
    expect(asked).toEqual([]);
  });

  test('the right order, and a run that is scanned itself, are left alone', async () => {
    const [run, src] = [join(folder, 'run'), join(folder, 'src')];
    expect((await cliCase([scanCommand(stage)], ['scan', run, src])).exitCode).toBe(0);
    expect((await cliCase([scanCommand(stage)], ['scan', run, run])).exitCode).toBe(0);
    expect((await cliCase([scanCommand(stage)], ['scan', 'org/adapter', run])).exitCode).toBe(0);
  });
});

test('a table given as JSON lines: the hint converts it', async () => {
  const file = join(folder, 'mine.csv');
  writeFileSync(file, 'code,target\nf() {},1\n');
  await expect(readRecords(file)).rejects.toMatchObject({
    code: 'DATASET_JSON_BROKEN',
    hint: `this is not a .jsonl file: vultune data convert ${file} --out mine.jsonl`,
  });
});
