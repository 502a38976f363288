import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { compareCommand } from '../../../src/cli/commands/compare.ts';
import { configCommand } from '../../../src/cli/commands/config.ts';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import { doctorCommand } from '../../../src/cli/commands/doctor.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { type ModelParts, modelsCommand } from '../../../src/cli/commands/models.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { quickstartCommand } from '../../../src/cli/commands/quickstart.ts';
import { trainCommand } from '../../../src/cli/commands/train.ts';
import { verifyCommand } from '../../../src/cli/commands/verify.ts';
import { relevantFlags } from '../../../src/cli/doctor/machine.ts';
import type { CliCommand } from '../../../src/cli/program.ts';
import { cliCase } from '../../support/cli-case.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A command whose stage only remembers what it was asked. */
function recorded(make: (stage: (request: unknown) => Promise<never>) => CliCommand) {
  const requests: unknown[] = [];
  const command = make((request) => {
    requests.push(request);
    return Promise.resolve(undefined as never);
  });
  return { command, requests };
}

/** What every command that scores functions is given. */
const SCORING = { device: 'cpu', blend: 'auto', precision: 'as-trained' };
const EVALUATION = {
  cluster: 'auto',
  resamples: 2000,
  allowContamination: false,
  dropContaminated: false,
  slices: false,
  format: 'text',
};

describe('what is asked of a stage', () => {
  test.each<[(stage: (request: unknown) => Promise<never>) => CliCommand, string, object]>([
    [
      evaluateCommand,
      'evaluate runs/a --data t.jsonl',
      { ...SCORING, ...EVALUATION, runs: ['runs/a'], data: 't.jsonl', json: false },
    ],
    [
      evaluateCommand,
      'evaluate a b --data t --calibration platt --prevalence 0.03 --cluster project --resamples 99 --drop-contaminated --slices',
      {
        ...SCORING,
        ...EVALUATION,
        runs: ['a', 'b'],
        data: 't',
        calibration: 'platt',
        prevalence: 0.03,
        cluster: 'project',
        resamples: 99,
        dropContaminated: true,
        slices: true,
        json: false,
      },
    ],
    [
      compareCommand,
      'compare a b',
      { device: 'cpu', runs: ['a', 'b'], cluster: 'auto', resamples: 2000, format: 'text', json: false },
    ],
    [
      evaluateCommand,
      'evaluate a --data t --train r --valid v --max-length 300 --json --device cuda --num-threads 3',
      {
        ...SCORING,
        ...EVALUATION,
        runs: ['a'],
        data: 't',
        train: 'r',
        valid: 'v',
        maxLength: 300,
        json: true,
        device: 'cuda',
        numThreads: 3,
      },
    ],
    [
      predictCommand,
      'predict a --data - --threshold 0.25',
      { ...SCORING, run: 'a', data: '-', threshold: 0.25, logits: false, allowEndpoint: false },
    ],
    [
      predictCommand,
      'predict a --data f.ts --out o.jsonl',
      { ...SCORING, run: 'a', data: 'f.ts', out: 'o.jsonl', logits: false, allowEndpoint: false },
    ],
    [quickstartCommand, 'quickstart', { dir: 'quickstart', quick: false, seed: 42 }],
    [
      quickstartCommand,
      'quickstart --dir d --quick --seed 7 --base-model m.gguf',
      { dir: 'd', quick: true, seed: 7, baseModel: 'm.gguf' },
    ],
    [
      verifyCommand,
      'verify a b --tolerance 1e-3 --cut block',
      { dirs: ['a', 'b'], tolerance: 1e-3, cut: 'block', json: false },
    ],
  ])('%# %s', async (make, line, request) => {
    const { command, requests } = recorded(make);
    await cliCase([command], line.split(' '));
    expect(requests).toEqual([request]);
  });

  test.each([
    [evaluateCommand, 'evaluate a --json --format csv'],
    [evaluateCommand, 'evaluate'],
    [evaluateCommand, 'evaluate a --data t --threshold 1.5'],
    [evaluateCommand, 'evaluate a --data t --threshold 0.5 --valid v'],
    [evaluateCommand, 'evaluate a --data t --prevalence 0'],
    [evaluateCommand, 'evaluate a --data t --allow-contamination --drop-contaminated'],
    [compareCommand, 'compare a'],
    [predictCommand, 'predict a --data t --max-length 0'],
    [predictCommand, 'predict a --data t --max-length 0x10'],
    [predictCommand, 'predict a --data t --device gpu'],
    [verifyCommand, 'verify'],
    [verifyCommand, 'verify a --cut layer'],
    [verifyCommand, 'verify a --tolerance -1'],
  ])('%# refused: %s', async (make, line) => {
    const { command, requests } = recorded(make as never);
    const { exitCode, stderr } = await cliCase([command], line.split(' '));
    expect({ exitCode, requests }).toEqual({ exitCode: 2, requests: [] });
    expect(stderr).toMatch(/^error CLI_USAGE/);
  });

  test.each([
    [true, 0],
    [false, 1],
  ])('verify that says %s ends with %d', async (ok, exitCode) => {
    const { exitCode: found } = await cliCase([verifyCommand(() => Promise.resolve(ok))], ['verify', 'a']);
    expect(found).toBe(exitCode);
  });
});

describe('config', () => {
  const run = (...argv: string[]) => cliCase([configCommand], ['config', ...argv], { columns: 60 });

  test('schema is JSON Schema', async () => {
    expect(JSON.parse((await run('schema')).stdout)).toMatchObject({
      type: 'object',
      properties: { lora_r: {} },
    });
  });

  test('keys, all or those with a word, within the width', async () => {
    const all = (await run('keys')).stdout;
    expect(all).toMatch(/base_model {2}required/);
    for (const line of all.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    const few = (await run('keys', 'warm')).stdout;
    expect(few.match(/^ {2}\w+/gm)).toEqual(['  lr_scheduler_type', '  warmup_ratio', '  warmup_steps']);
  });

  test('show resolves a file', async () => {
    const file = join(folder, 'c.yaml');
    writeFileSync(file, 'base_model: m\ntrain_file: a\nvalid_file: b\noutput_dir: o\n');
    expect((await run('show', file, 'seed=7')).stdout).toMatch(/^seed: 7$/m);
    expect((await run('show', file, 'seed=x')).exitCode).toBe(2);
  });
});

describe('models', () => {
  const description = {
    path: '/models/m',
    modelType: 'llama',
    layers: 30,
    hiddenSize: 576,
    heads: 9,
    keyValueHeads: 3,
    vocabularySize: 49152,
    maxLength: 8192,
    parameters: 134_515_008,
    storedDtypes: { Q4_1: 100_000_000, F32: 34_515_008 },
    sizeBytes: 98_000_000,
    tokenizer: 'gguf',
    chatTemplate: true,
    fingerprint: 'abc',
    notes: ['the file does not say its epsilon'],
  } as const;
  const parts: ModelParts = {
    resolve: async (reference, options) => {
      if (reference === 'org/absent') throw new VultuneError('MODEL_NOT_CACHED', 'not here');
      for (const receivedBytes of [10, 98e6])
        options?.onProgress?.({ file: 'w', receivedBytes, totalBytes: 98e6 });
      return { reference, kind: 'hub', path: '/models/m', revision: '0123456789abcdef' };
    },
    list: async () => [
      { reference: 'org/m', kind: 'hub', path: '/models/m', sizeBytes: 98e6, revision: '0123456789abcdef' },
    ],
    describe: async () => description,
    supportedFamilies: async () => ['llama'],
  };
  const run = (...argv: string[]) => cliCase([modelsCommand(parts)], ['models', ...argv]);

  test('fetch: the path alone on stdout', async () => {
    const { stdout, stderr } = await run('fetch', 'org/m');
    expect(stdout).toBe('/models/m\n');
    expect(stderr).toContain('org/m at 0123456789ab: llama, 135M parameters, 98 MB');
  });

  test('list, as a table and as JSON', async () => {
    expect((await run('list')).stdout).toMatch(/org\/m {2}98 MB {2}0123456789ab {2}\/models\/m/);
    expect(JSON.parse((await run('list', '--json')).stdout)).toHaveLength(1);
  });

  test('show: what it is; a hint where it is not here', async () => {
    expect((await run('show', 'org/m')).stdout).toMatch(
      /family\s+llama\n.*parameters\s+135M \(134,515,008\)/,
    );
    expect((await run('show', 'org/m')).stdout).toMatch(/note\s+the file does not say its epsilon/);
    expect((await run('show', 'org/absent')).stderr).toContain(
      'hint: fetch it first: vultune models fetch org/absent',
    );
  });
});

describe('doctor', () => {
  const command = doctorCommand({
    version: '1.2.3',
    probeRuntime: async () => [
      { device: 'cpu', available: true, gflops: 123.4 },
      { device: 'cuda', available: false, hint: 'install it' },
    ],
    probeTorch: async () => ({
      command: '/venv/bin/python',
      python: '3.12.1',
      torch: '2.15.0',
      transformers: '5.23.0',
      peft: '0.21.2',
      cuda: '12.8',
      devices: [{ name: 'A100', memoryBytes: 80e9 }],
      bf16: true,
      flashAttention: null,
      bitsandbytes: '0.49.0',
    }),
    cacheFolders: async () => [
      ['full', join(folder, 'cache')],
      ['none', join(folder, 'absent')],
    ],
  });

  test('says what there is', async () => {
    mkdirSync(join(folder, 'cache/deep'), { recursive: true });
    writeFileSync(join(folder, 'cache/deep/file'), new Uint8Array(5000));
    const { stdout, exitCode } = await cliCase([command], ['doctor']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/vultune +1\.2\.3/);
    expect(stdout).toMatch(/cpu +yes, 123 GFLOP\/s/);
    expect(stdout).toMatch(/cuda +no: install it/);
    expect(stdout).toMatch(/full +5\.0 kB/);
    expect(stdout).toMatch(/none +empty/);
    expect(stdout).toMatch(/onnxruntime-node +1\.\d+/);
    expect(stdout).toMatch(/CUDA +12\.8: A100 \(80 GB\)/);
    expect(stdout).toMatch(/bf16 +yes/);
    expect(stdout).toMatch(/FlashAttention +not installed: SDPA is used/);
    expect(stdout).toMatch(/bitsandbytes +0\.49\.0/);
  });

  test('and as JSON', async () => {
    const report = JSON.parse((await cliCase([command], ['doctor', '--json'])).stdout);
    expect(report).toMatchObject({
      versions: { vultune: '1.2.3' },
      caches: [{ name: 'full' }, { name: 'none', sizeBytes: null }],
    });
  });

  test('instruction sets out of /proc/cpuinfo', () => {
    expect(relevantFlags('processor : 0\nflags\t\t: fpu avx2 fma avx512_vnni\n')).toEqual([
      'avx2',
      'fma',
      'avx512_vnni',
    ]);
    expect(relevantFlags('Features\t: fp asimd bf16\n')).toEqual(['asimd', 'bf16']);
    expect(relevantFlags('')).toBeUndefined();
  });
});

test('every command has help with examples that begin with vultune', async () => {
  const nothing = (() => Promise.resolve()) as never;
  const commands = [
    trainCommand({ train: nothing, resume: nothing, check: nothing }),
    evaluateCommand(nothing),
    compareCommand(nothing),
    predictCommand(nothing),
    verifyCommand(nothing),
    quickstartCommand(nothing),
    configCommand,
    modelsCommand(nothing),
    dataCommand({ advisories: 'facts.jsonl' } as never),
    doctorCommand(nothing),
  ];
  const lines = [
    'train',
    'evaluate',
    'compare',
    'predict',
    'verify',
    'quickstart',
    'config keys',
    'config schema',
    'config show',
    'data build npm',
    'models fetch',
    'models list',
    'models show',
    'doctor',
  ];
  for (const line of lines) {
    const { stdout, exitCode } = await cliCase(commands, [...line.split(' '), '--help'], { columns: 80 });
    expect(exitCode).toBe(0);
    expect(stdout.split('Examples:')[1], line).toContain(`vultune ${line}`);
  }
});
