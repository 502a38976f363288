/** @file A training whose vulnerable functions say which CWE they have: what its head leaves, that it resumes exactly, who uses it. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from 'sarif';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCweHead } from '../../../src/adapters/files/cwe-head-files.ts';
import { readSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { type Reporter, silent, workflowContext } from '../../../src/workflows/context.ts';
import { checkTraining } from '../../../src/workflows/train/check-training.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { resumeTraining } from '../../../src/workflows/train/resume.ts';
import { startTraining } from '../../../src/workflows/train/train.ts';
import { cliCase } from '../../support/cli-case.ts';
import { stoppingAfter } from '../../support/stopping-after.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let cacheBefore: string | undefined;
const at = (...names: string[]) => join(folder, ...names);

/** The letters of a body tell its CWE, and whether it has one. */
const KINDS = [
  { body: 'zzzzzzzzzz', target: 0 },
  { body: 'xxxxxxxxxx', target: 1, cwe: ['CWE-79'] },
  { body: 'zzzzzzzzzz', target: 0 },
  { body: 'qqqqqqqqqq', target: 1, cwe: 'cwe-089' },
];

const functions = (part: string, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const { body, ...labels } = KINDS[i % KINDS.length]!;
    return { code: `function ${part}${i}(){${body}()}`, ...labels, id: `${part}${i}` };
  });

/** Two functions of one more CWE, which are too few to learn it. */
const rare = (part: string) =>
  [1, 2].map((i) => ({ code: `function ${part}rare${i}(){xxxx()}`, target: 1, cwe: ['CWE-22'] }));

const config = (output: string, changed: object = {}) =>
  parseTrainConfig(
    {
      base_model: at('base'),
      train_file: at('train.jsonl'),
      valid_file: at('valid.jsonl'),
      test_file: at('test.jsonl'),
      output_dir: output,
      num_train_epochs: 6,
      functions_per_step: 8,
      learning_rate: 0.02,
      pooling: 'mean',
      // The labels alone are learnt in one epoch, where an area of 1 would stop the search for a better checkpoint.
      metric_for_best_model: 'log_loss',
      max_length: 48,
      feature_cache: false,
      save_steps: 3,
      num_threads: 1,
      cwe_head: true,
      cwe_loss_weight: 2,
      cwe_min_examples: 10,
      ...changed,
    },
    'test',
  );

async function train(
  output: string,
  changed: object = {},
  context: Parameters<typeof startTraining>[1] = {},
) {
  const parsed = config(output, changed);
  return await startTraining({ config: parsed, inputs: await checkTrainInputs(parsed) }, context);
}

let run = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-cwe-head-'));
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = at('cache');
  await writeTinyRun(folder);
  for (const [part, count] of [
    ['train', 60],
    ['valid', 60],
    ['test', 40],
  ] as const) {
    const lines = [...functions(part, count), ...rare(part)].map((row) => JSON.stringify(row));
    writeFileSync(at(`${part}.jsonl`), `${lines.join('\n')}\n`);
  }
  run = at('trained');
  await train(run);
  writeFileSync(
    at('code.js'),
    functions('code', 8)
      .map(({ code }) => `${code}\n`)
      .join(''),
  );
}, 120_000);
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, checked by what the tests expect of it
const json = (text: string): any => JSON.parse(text);
const stored = () => json(readFileSync(join(run, 'metrics.json'), 'utf8'));
const adapter = (of = run) => join(of, 'adapter');
const scan = (of: string, ...argv: string[]) =>
  cliCase([scanCommand(runScan)], ['scan', of, at('code.js'), '--num-threads', '1', ...argv]);

test('the head is learnt, measured on valid and test, and said in metrics, card and page', () => {
  const { cwe } = stored();
  expect(cwe.classes).toEqual([
    { id: 'CWE-79', examples: 15 },
    { id: 'CWE-89', examples: 15 },
  ]);
  expect(cwe.used).toBe(true);
  expect(cwe.valid).toMatchObject({
    functions: 30,
    outside_classes: 2,
    without_cwe: 0,
    majority: { top1: 0.5 },
  });
  expect(cwe.test).toMatchObject({ functions: 20, top3: 1 });
  expect(cwe.test.top1).toBeGreaterThan(0.9);
  expect(cwe.test.intervals.above_majority[0]).toBeGreaterThan(0);
  const card = readFileSync(join(adapter(), 'README.md'), 'utf8');
  expect(card).toContain('## Kind of weakness');
  expect(card).toContain('always CWE-79');
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Kind of weakness (CWE)');
});

test('PEFT reads an adapter without it; its tensors are in a file of their own', async () => {
  const peft = await readSafetensors(join(adapter(), 'adapter_model.safetensors'));
  expect([...peft.tensors.keys()].filter((key) => key.includes('cwe'))).toEqual([]);
  const own = await readSafetensors(join(adapter(), 'cwe_head.safetensors'));
  expect([...own.tensors].map(([name, { shape }]) => [name, shape.length, shape[0]])).toEqual([
    ['cwe_head.bias', 1, 2],
    ['cwe_head.weight', 2, 2],
  ]);
  expect(readCweHead(adapter())).toMatchObject({ used: true, test: { functions: 20 } });
});

test('a training that is stopped and resumed leaves the same bytes', async () => {
  const resumed = at('resumed');
  const { status } = await train(resumed, {}, stoppingAfter(7));
  expect(status).toBe('interrupted');
  expect(existsSync(adapter(resumed))).toBe(false);
  expect((await resumeTraining({ run: resumed })).status).toBe('finished');
  for (const file of ['adapter_model.safetensors', 'cwe_head.safetensors', 'cwe_head.json']) {
    const [found, expected] = [resumed, run].map((of) => readFileSync(join(adapter(of), file)));
    expect(found!.equals(expected!), file).toBe(true);
  }
  expect(json(readFileSync(join(resumed, 'metrics.json'), 'utf8')).cwe).toEqual(stored().cwe);
}, 120_000);

describe('labels that allow no head', () => {
  test('train goes on without one and says why, with the counts', async () => {
    const said: string[] = [];
    const report: Reporter = { ...silent, warn: (text) => said.push(text) };
    await train(at('without'), { cwe_min_examples: 16, max_steps: 2 }, { report });
    const why = /fewer than two CWEs have 16 .*CWE-79: 15, CWE-89: 15, CWE-22: 2/;
    expect(said.filter((text) => why.test(text))).toHaveLength(1);
    expect(existsSync(join(adapter(at('without')), 'cwe_head.json'))).toBe(false);
    expect(json(readFileSync(at('without', 'metrics.json'), 'utf8'))).not.toHaveProperty('cwe');
  });

  test('so does a check of the configuration; one that allows a head names its classes', async () => {
    const check = async (changed: object) => {
      const parsed = config(at('never'), changed);
      return await checkTraining(
        { config: parsed, inputs: await checkTrainInputs(parsed) },
        workflowContext(),
      );
    };
    expect((await check({ cwe_min_examples: 16 })).warnings.join()).toContain('without a CWE head');
    const { notes, warnings } = await check({});
    expect(warnings.join()).not.toContain('CWE');
    expect(notes).toContain('CWE head: 2 classes (CWE-79: 15 functions, CWE-89: 15)');
  });
});

describe('a scan', () => {
  test('names the CWE of findings, the second time from the cache', async () => {
    const findings = async (...argv: string[]) =>
      json((await scan(run, '--format', 'json', '--threshold', '0', ...argv)).stdout);
    const { findings: found, cweHead } = await findings();
    expect(cweHead).toMatch(/^CWE head: its first guess is right for/);
    expect(found).toHaveLength(8);
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    const byName = new Map<string, any>(found.map((one: any) => [one.name, one]));
    expect(byName.get('code1').cwe[0].id).toBe('CWE-79');
    expect(byName.get('code3').cwe[0].id).toBe('CWE-89');
    const [{ probability: first }, { probability: second }] = byName.get('code1').cwe;
    expect(first + second).toBeCloseTo(1, 3);
    expect((await findings()).findings).toEqual(found);
    expect((await findings('--no-cache')).findings).toEqual(found);
  });

  test('gives SARIF a rule a CWE, with its name, a link and a tag', async () => {
    const log = json((await scan(run, '--format', 'sarif', '--threshold', '0')).stdout) as Log;
    const { tool, results } = log.runs[0]!;
    const rules = tool.driver.rules!;
    expect(rules.map(({ id }) => id)).toEqual(['VUL1001', 'VUL1002', 'vultune/CWE-79', 'vultune/CWE-89']);
    expect(rules[2]).toMatchObject({
      name: 'LikelyVulnerableFunctionCwe79',
      shortDescription: { text: expect.stringContaining('Cross-site Scripting') },
      helpUri: expect.stringMatching(/\/definitions\/79\.html$/),
      help: { markdown: expect.stringContaining('/definitions/79.html)') },
      properties: { tags: ['security', 'external/cwe/cwe-079'] },
    });
    for (const { ruleId, ruleIndex } of results!) expect(rules[ruleIndex!]!.id).toBe(ruleId);
  });

  test('does not use a head that is not worth it, and says so', async () => {
    cpSync(run, at('poor'), { recursive: true });
    const file = join(adapter(at('poor')), 'cwe_head.json');
    writeFileSync(file, JSON.stringify({ ...json(readFileSync(file, 'utf8')), used: false }));
    const found = json((await scan(at('poor'), '--format', 'json', '--threshold', '0')).stdout);
    expect(found.findings[0]).not.toHaveProperty('cwe');
    expect(found.notes.join()).toContain('The CWE head is not used');
    const log = json((await scan(at('poor'), '--format', 'sarif', '--threshold', '0')).stdout) as Log;
    expect(log.runs[0]!.tool.driver.rules).toHaveLength(2);
  });

  test.each<[string, (adapterFolder: string) => void]>([
    ['tensors that were changed', (of) => appendFileSync(join(of, 'cwe_head.safetensors'), ' ')],
    ['tensors that are gone', (of) => rmSync(join(of, 'cwe_head.safetensors'))],
    [
      'a class that is none',
      (of) => {
        const file = join(of, 'cwe_head.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"CWE-79"', '"<script>"'));
      },
    ],
  ])('refuses %s', async (_name, damage) => {
    const broken = mkdtempSync(at('broken-'));
    cpSync(run, broken, { recursive: true });
    damage(adapter(broken));
    const { exitCode, stderr } = await scan(broken, '--no-cache');
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/cwe_head\.(json|safetensors)/);
  });
});

test('predict names the CWEs of what it labels vulnerable', async () => {
  const argv = ['predict', run, '--num-threads', '1', '--data', at('test.jsonl')];
  const { stdout } = await cliCase([predictCommand(runPredict)], argv);
  const rows = stdout.trim().split('\n').map(json);
  for (const { label, cwe } of rows) expect(cwe !== undefined).toBe(label === 1);
  expect(rows.find(({ id }) => id === 'test1').cwe[0].id).toBe('CWE-79');
});

test('evaluate says how often it is right, on its own test file and on functions that it scores now', async () => {
  const argv = (data: string) => [
    'evaluate',
    run,
    '--num-threads',
    '1',
    '--resamples',
    '100',
    '--data',
    data,
  ];
  const evaluate = (data: string, ...more: string[]) =>
    cliCase([evaluateCommand(runEvaluate)], [...argv(data), ...more]);
  const own = json((await evaluate(at('test.jsonl'), '--json')).stdout).cwe;
  expect(own).toMatchObject({ functions: 20, outside_classes: 2, top1: stored().cwe.test.top1 });
  const lines = functions('other', 40).map((row) => JSON.stringify(row));
  writeFileSync(at('other.jsonl'), `${lines.join('\n')}\n`);
  expect(json((await evaluate(at('other.jsonl'), '--json')).stdout).cwe).toMatchObject({ functions: 20 });
  expect((await evaluate(at('test.jsonl'))).stdout).toMatch(
    /CWE head[\s\S]*always CWE-79[\s\S]*2 with other CWEs alone/,
  );
});
