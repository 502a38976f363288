import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { trainCommand } from '../../../src/cli/commands/train.ts';
import { cliCase } from '../../support/cli-case.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-train-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('train', () => {
  const asked: { train: unknown[]; resume: unknown[] } = { train: [], resume: [] };
  const command = trainCommand({
    train: async (request) => void asked.train.push(request),
    resume: async (request) => void asked.resume.push(request),
    check: async ({ config }) => ({
      config,
      notes: ['a finding'],
      warnings: ['a doubt'],
      unchecked: ['what is not here'],
      estimate: undefined,
    }),
  });
  const run = (...argv: string[]) => cliCase([command], ['train', ...argv]);
  const lines = (...targets: number[]) =>
    targets.map((target, index) => `${JSON.stringify({ code: `f${index}() {}`, target })}\n`).join('');
  let yaml = '';

  beforeEach(() => {
    asked.train = [];
    asked.resume = [];
    yaml = join(folder, 'train.yaml');
    writeFileSync(join(folder, 'train.jsonl'), lines(1, 0, 0));
    writeFileSync(join(folder, 'valid.jsonl'), lines(1, 0));
    const keys = {
      base_model: 'm',
      train_file: join(folder, 'train.jsonl'),
      valid_file: join(folder, 'valid.jsonl'),
      output_dir: join(folder, 'run'),
    };
    writeFileSync(
      yaml,
      Object.entries(keys)
        .map(([key, value]) => `${key}: ${value}\n`)
        .join(''),
    );
  });

  test('a checked request reaches the stage, with overrides and the records', async () => {
    expect((await run(yaml, 'lora_r=4')).exitCode).toBe(0);
    expect(asked.train).toMatchObject([
      {
        config: { lora_r: 4 },
        inputs: [
          { key: 'train_file', records: { length: 3 } },
          { key: 'valid_file', records: { length: 2 } },
        ],
      },
    ]);
    expect(readdirSync(folder)).not.toContain('run');
  });

  test('--dry-run prints YAML that trains the same, tells what it read, and trains nothing', async () => {
    const { exitCode, stdout, stderr } = await run(yaml, 'lora_layers=last 3', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('lora_layers: { last: 3 }');
    expect(stderr).toMatch(/train_file\s+3\s+1 \(33%\)/);
    expect(stderr).toContain('not checked: what is not here');
    expect(asked.train).toEqual([]);
    writeFileSync(yaml, stdout);
    await run(yaml);
    expect(asked.train).toMatchObject([{ config: { lora_layers: { last: 3 } } }]);
  });

  test.each<[string, () => string[], string]>([
    ['no configuration', () => [], 'CLI_USAGE'],
    ['a missing file', () => ['absent.yaml'], 'FILE_MISSING'],
    ['an unknown key', () => [yaml, 'lorar=3'], 'CONFIG_KEY_UNKNOWN'],
    ['missing data', () => [yaml, 'train_file=absent.jsonl'], 'DATASET_FILE_MISSING'],
    ['one class only', () => [yaml, `valid_file=${write('one.jsonl', lines(1, 1))}`], 'DATASET_ONE_CLASS'],
    ['broken JSON', () => [yaml, `valid_file=${write('bad.jsonl', '{')}`], 'DATASET_JSON_BROKEN'],
    ['an output folder in use', () => [yaml, `output_dir=${folder}`], 'RUN_EXISTS'],
    ['--resume with a configuration', () => [yaml, '--resume', 'runs/a'], 'CLI_USAGE'],
    ['--resume with --dry-run', () => ['--dry-run', '--resume', 'runs/a'], 'CLI_USAGE'],
  ])('%s is refused, nothing is made', async (_, argv, code) => {
    const { exitCode, stderr, stdout } = await run(...argv());
    expect(stderr).toMatch(new RegExp(`^error ${code}: `));
    expect({ exitCode, stdout, asked }).toEqual({
      exitCode: 2,
      stdout: '',
      asked: { train: [], resume: [] },
    });
    expect(readdirSync(folder)).not.toContain('run');
  });

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test('--resume hands over the run', async () => {
    await run('--resume', 'runs/a');
    expect(asked.resume).toEqual([{ run: 'runs/a', startOver: false }]);
    await run('--resume', 'runs/a', '--start-over');
    expect(asked.resume.at(-1)).toEqual({ run: 'runs/a', startOver: true });
  });

  test('--start-over without a run to resume is refused', async () => {
    expect((await run('train.yaml', '--start-over')).stderr).toContain('CLI_USAGE');
  });

  test('overrides alone will do', async () => {
    const data = ['train', 'valid'].map((name) => `${name}_file=${join(folder, `${name}.jsonl`)}`);
    await run('base_model=m', ...data, `output_dir=${join(folder, 'new')}`);
    expect(asked.train).toMatchObject([{ config: { base_model: 'm' } }]);
  });

  test('the help names every key', async () => {
    const { stdout } = await run('--help');
    for (const key of ['base_model', 'lora_r', 'feature_cache_max_gb', 'warmup_steps'])
      expect(stdout).toContain(key);
    expect(stdout).toContain('vultune train --resume');
  });
});
