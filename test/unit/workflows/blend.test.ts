/** @file A training whose words say more than its tiny model: what the blend leaves, and that all who score use it, or say not. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { triageCommand } from '../../../src/cli/commands/triage.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { runTriage } from '../../../src/cli/triage/run-triage.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { readBlend } from '../../../src/evaluation/blend/blend-file.ts';
import { adapterScale } from '../../../src/judging/adapter-scale.ts';
import { workflowContext } from '../../../src/workflows/context.ts';
import { modelFacts } from '../../../src/workflows/mcp/agent-tools.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { startTraining } from '../../../src/workflows/train/train.ts';
import { openScoring } from '../../../src/workflows/triage/scoring.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let cacheBefore: string | undefined;
const at = (...names: string[]) => join(folder, ...names);

/** `mark` tells the label, but for every tenth function. */
const functions = (part: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    code: `function ${part}${i}() { return ${(i % 2 === 1) !== (i % 20 > 17) ? 'eval' : 'safe'}(a, ${i}) }`,
    target: i % 2,
    commit: `${part}${i >> 1}`,
  }));

async function train(output: string, rows: Readonly<Record<'train' | 'valid' | 'test', number>>) {
  for (const part of ['train', 'valid', 'test'] as const) {
    const lines = functions(part, rows[part]).map((row) => JSON.stringify(row));
    writeFileSync(at(`${part}.jsonl`), `${lines.join('\n')}\n`);
  }
  const config = parseTrainConfig(
    {
      base_model: at('base'),
      train_file: at('train.jsonl'),
      valid_file: at('valid.jsonl'),
      test_file: at('test.jsonl'),
      output_dir: output,
      num_train_epochs: 1,
      functions_per_step: 16,
      max_length: 16,
      feature_cache: false,
    },
    'test',
  );
  await startTraining({ config, inputs: await checkTrainInputs(config) });
  return output;
}

let run = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-blend-run-'));
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = at('cache');
  await writeTinyRun(folder);
  run = await train(at('trained'), { train: 60, valid: 60, test: 40 });
  writeFileSync(
    at('code.js'),
    functions('code', 6)
      .map(({ code }) => `${code}\n`)
      .join(''),
  );
});
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, checked by what the tests expect of it
const json = (text: string): any => JSON.parse(text);
const rowsOf = (text: string) => text.trim().split('\n').map(json);
const predictions = (part: string) => rowsOf(readFileSync(join(run, 'predictions', `${part}.jsonl`), 'utf8'));
const adapter = () => join(run, 'adapter');
const predict = (...argv: string[]) =>
  cliCase([predictCommand(runPredict)], ['predict', run, '--num-threads', '1', '--data', ...argv]);
const scan = (...argv: string[]) =>
  cliCase([scanCommand(runScan)], ['scan', run, at('code.js'), '--num-threads', '1', ...argv]);

test('the adapter has it, with operating points and a measured ranking of its own', () => {
  const { blend } = readBlend(adapter())!;
  expect(blend.used).toBe(true);
  expect(blend.rocAuc.blend).toBeGreaterThan(blend.rocAuc.model);
  expect(blend.measured).toMatchObject({ split: 'test', functions: 40 });
  expect(blend.alarmBudget).toMatchObject({ share: 0.02, negatives: 30 });
  const { settings } = readAdapterHeader(adapter());
  expect(settings!.alarmBudget).toMatchObject({ share: 0.02, negatives: 30 });
  const stored = json(readFileSync(join(run, 'metrics.json'), 'utf8'));
  expect(stored.blend).toMatchObject({ used: true, threshold: blend.threshold });
  expect(stored.test.blend.metrics.roc_auc).toBeCloseTo(blend.measured!.rocAuc, 12);
  expect(stored.valid.blend.metrics.roc_auc).toBeCloseTo(blend.rocAuc.blend, 12);
  const card = readFileSync(join(adapter(), 'README.md'), 'utf8');
  expect(card).toContain("their scores are the blend's");
  expect(card).toContain('Transformers and PEFT give');
  // The verdict stands first, with the blend and which of the two is used; every figure has its interval.
  expect(stored.test.verdict).toMatch(
    /^The model .* Its blend with TF-IDF and length has ROC AUC .*use it\.$/,
  );
  expect(stored.test.blend.used).toBe(true);
  expect(card).toContain(`# Vulnerability detector\n\n${stored.test.verdict}\n`);
  const cells = /^\| ROC AUC \|(.*)\|$/m.exec(card)![1]!.split('|');
  expect(cells).toHaveLength(7);
  for (const cell of cells) expect(cell).toMatch(/^ [01]\.\d{3} \([01]\.\d\d–[01]\.\d\d\) $/);
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toMatch(/>blend</);
});

test('predict gives its scores, those of training, and says so; --no-blend those of the model', async () => {
  const blended = await predict(at('test.jsonl'));
  expect(blended.stderr).toContain('scores are of the blend');
  const own = await predict(at('test.jsonl'), '--no-blend');
  expect(own.stderr).not.toContain('blend');
  const kept = predictions('test');
  for (const [i, row] of rowsOf(blended.stdout).entries()) {
    expect(row.score).toBeCloseTo(kept[i].blend_score, 5);
    expect(row.raw_score).toBeCloseTo(kept[i].raw_score, 5);
    expect(row.label).toBe(row.score >= readBlend(adapter())!.blend.threshold ? 1 : 0);
  }
  for (const [i, row] of rowsOf(own.stdout).entries()) expect(row.score).toBeCloseTo(kept[i].score, 5);
});

test('triage and the tools of agents say whose scores they give', async () => {
  const log = at('other.sarif');
  const result = {
    ruleId: 'r1',
    message: { text: 'm' },
    locations: [{ physicalLocation: { artifactLocation: { uri: 'code.js' }, region: { startLine: 1 } } }],
  };
  writeFileSync(
    log,
    JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { name: 'O' } }, results: [result] }] }),
  );
  const triaged = async (...argv: string[]) =>
    await cliCase(
      [triageCommand(runTriage)],
      ['triage', run, log, '--root', folder, '--num-threads', '1', ...argv],
    );
  expect((await triaged()).stdout).toContain('Its scores are of the blend of model, TF-IDF and length');
  expect(json((await triaged('--format', 'json')).stdout).blend).toContain('scores are of the blend');
  expect((await triaged('--format', 'sarif')).stdout).toContain('Its scores are of the blend');
  const own = await triaged('--format', 'json', '--no-blend');
  expect(json(own.stdout).blend).toBeNull();
  const scoring = await openScoring({ run, root: folder, numThreads: 1 }, workflowContext());
  try {
    expect(modelFacts({ scoring, run }).blend).toContain('scores are of the blend');
  } finally {
    await scoring.model.close();
  }
});

describe('a scan', () => {
  test('goes by the budget on the scale in use, and says whose scores they are', async () => {
    const blended = json((await scan('--format', 'json')).stdout);
    const { blend } = readBlend(adapter())!;
    expect(blended.threshold).toBe(blend.alarmBudget!.threshold);
    expect(blended.thresholdSource).toMatch(
      /^at most 1 in 50 functions of validation that are not vulnerable \(0 of 30\)/,
    );
    expect(blended.cautions.join()).toContain('too few to show');
    expect(blended.blend).toContain('scores are of the blend');
    // The cache of the blend's scores is not that of the model's.
    const own = json((await scan('--format', 'json', '--no-blend')).stdout);
    expect(own.threshold).toBe(readAdapterHeader(adapter()).settings!.alarmBudget!.threshold);
    expect(own).not.toHaveProperty('blend');
    const scores = async (...argv: string[]) =>
      json((await scan('--format', 'json', '--threshold', '0', ...argv)).stdout).findings.map(
        ({ score }: { score: number }) => score,
      );
    expect(await scores()).not.toEqual(await scores('--no-blend'));
    expect(await scores()).toHaveLength(6);
  });

  test('--threshold f1 is the best F1; a budget is chosen on cross-fitted scores', async () => {
    const f1 = json((await scan('--format', 'json', '--threshold', 'f1')).stdout);
    expect(f1).toMatchObject({
      threshold: readBlend(adapter())!.blend.threshold,
      thresholdSource: 'the best F1 on validation',
    });
    const tenth = json((await scan('--format', 'json', '--max-false-positives', '0.1')).stdout);
    const negatives = predictions('valid').filter(({ target }) => target === 0);
    const flagged = negatives.filter(({ blend_score: score }) => score >= tenth.threshold);
    expect(flagged.length).toBeLessThanOrEqual(3);
    expect(tenth.thresholdSource).toContain(`(${flagged.length} of 30)`);
    expect((await scan('--threshold', 'f2')).exitCode).toBe(2);
  });

  test('every format says it', async () => {
    for (const format of ['text', 'html', 'sarif']) {
      const { stdout } = await scan('--format', format);
      expect(stdout).toContain('scores are of the blend');
      expect(stdout).toContain('at most 1 in 50 functions of validation that are not vulnerable');
    }
  });
});

describe('evaluate', () => {
  const evaluate = (file: string, ...argv: string[]) =>
    cliCase(
      [evaluateCommand(runEvaluate)],
      ['evaluate', run, '--data', at(file), '--resamples', '60', ...argv],
    );

  test('has a row of it beside the model and each baseline', async () => {
    const result = json((await evaluate('test.jsonl', '--json')).stdout);
    const { blend } = readBlend(adapter())!;
    expect(result.blend).toMatchObject({
      label: 'blend',
      threshold: blend.threshold,
      threshold_from: 'adapter',
    });
    expect(result.blend.metrics.roc_auc).toBeCloseTo(blend.measured!.rocAuc, 12);
    expect(result.blend.intervals.roc_auc).toHaveLength(2);
    const { stdout } = await evaluate('test.jsonl');
    expect(stdout).toMatch(/^ *blend +0\.\d{3}/m);
    expect(stdout).toContain('scan and predict use it');
    // A screen of forty rows still holds it.
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(140);
    expect((await evaluate('test.jsonl', '--no-blend')).stdout).not.toContain('blend');
  });

  test('on its own validation it is cross-fitted, and said to be', async () => {
    const result = json((await evaluate('valid.jsonl', '--json')).stdout);
    expect(result.blend.metrics.roc_auc).toBeCloseTo(readBlend(adapter())!.blend.rocAuc.blend, 12);
    expect(result.blend.note).toContain('cross-fitted here');
  });

  test("a threshold of the user, or chosen on the file that is given, is the blend's too", async () => {
    const given = json((await evaluate('test.jsonl', '--json', '--threshold', '0.25')).stdout);
    expect(given.blend).toMatchObject({ threshold: 0.25, threshold_from: 'given' });
    const chosen = json((await evaluate('test.jsonl', '--json', '--valid', at('valid.jsonl'))).stdout);
    expect(chosen.blend).toMatchObject({
      threshold: readBlend(adapter())!.blend.threshold,
      threshold_from: 'validation',
    });
  });
});

test('without the file an adapter is as before; a damaged file is refused, --no-blend does without', () => {
  const copy = at('copy');
  cpSync(adapter(), copy, { recursive: true });
  const header = readAdapterHeader(copy);
  writeFileSync(
    join(copy, 'blend.json'),
    readFileSync(join(copy, 'blend.json'), 'utf8').replace('"used":true', '"used":false'),
  );
  expect(() => adapterScale(header)).toThrow(expect.objectContaining({ code: 'ADAPTER_BLEND' }));
  expect(adapterScale(header, 'off').blend).toBeUndefined();
  rmSync(join(copy, 'blend.json'));
  expect(adapterScale(header)).toEqual(adapterScale(header, 'off'));
  expect(adapterScale(header).threshold).toBe(header.settings!.threshold);
});

test('the same training leaves the same blend, byte for byte', async () => {
  const again = await train(at('again'), { train: 60, valid: 60, test: 40 });
  const bytes = (of: string) => readFileSync(join(of, 'adapter', 'blend.json'), 'utf8');
  expect(bytes(again)).toBe(bytes(run));
});

test('too small a validation leaves none, with the reason', async () => {
  const small = await train(at('small'), { train: 20, valid: 12, test: 12 });
  expect(existsSync(join(small, 'adapter', 'blend.json'))).toBe(false);
  expect(json(readFileSync(join(small, 'metrics.json'), 'utf8')).blend.reason).toContain(
    '6 vulnerable and 6 other',
  );
});
