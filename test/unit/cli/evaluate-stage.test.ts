/** @file `evaluate` and `compare` on run folders whose predictions are known, so no model is needed. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { compareCommand } from '../../../src/cli/commands/compare.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { runCompare } from '../../../src/cli/compare/run-compare.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { fingerprintTraining, formatFingerprints } from '../../../src/evaluation/contamination.ts';
import { metricNames } from '../../../src/evaluation/metrics/registry.ts';
import { currentEnvironment } from '../../../src/runs/environment.ts';
import { recordScoredBy } from '../../../src/workflows/evaluate/own-predictions.ts';
import { cliCase } from '../../support/cli-case.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-evaluate-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const lines = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

/** Bodies that have nothing in common, so that none is a near duplicate of another. */
const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `f${from + i}`,
    code: `int f${from + i}(int a${from + i}) { return g${from + i}(a${from + i}) + ${'x'.repeat(1 + (i % 7))}${from + i}; }`,
    target: i % 2 === 0 ? 1 : 0,
    set: i % 2 === 0 ? 'P1' : i % 4 === 1 ? 'P2' : 'P3',
    cwe: [i % 3 === 0 ? 'CWE-79' : 'CWE-20'],
    commit: `c${Math.floor((from + i) / 2)}`,
  }));

type Row = ReturnType<typeof records>[number];

const TRAIN = records(0, 60);
const VALID = records(100, 60);
const TEST = records(200, 80);

function writeData(): void {
  writeFileSync(at('train.jsonl'), lines(TRAIN));
  writeFileSync(at('valid.jsonl'), lines(VALID));
  writeFileSync(at('test.jsonl'), lines(TEST));
}

/** Scores of a model that is right as often as `skill` says. */
const scoresOf = (rows: readonly Row[], skill: number, salt: number) =>
  rows.map(
    ({ target }, i) =>
      0.1 + 0.4 * ((Math.imul(i + salt, 2654435761) >>> 0) / 2 ** 32) + Math.min(0.5, skill) * target,
  );

interface FakeRun {
  readonly skill: number;
  readonly salt?: number;
  readonly calibration?: object;
  readonly fingerprintsOf?: readonly Row[];
}

/** A run folder as a training leaves it, but for the adapter's weights. */
async function writeRun(
  name: string,
  { skill, salt = 37, calibration, fingerprintsOf = TRAIN }: FakeRun,
): Promise<string> {
  const dir = at(name);
  for (const inner of ['adapter', 'predictions']) mkdirSync(join(dir, inner), { recursive: true });
  const file = (split: string) => ({
    path: at(`${split}.jsonl`),
    sizeBytes: 1,
    sha256: createHash('sha256')
      .update(readFileSync(at(`${split}.jsonl`)))
      .digest('hex'),
  });
  const data = { train_file: file('train'), valid_file: file('valid'), test_file: file('test') };
  const environment = currentEnvironment({ versions: {}, device: 'cpu', threads: 1 });
  const record = { formatVersion: 1, createdAt: '', config: {}, environment, data };
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record));
  for (const [split, rows] of [
    ['valid', VALID],
    ['test', TEST],
  ] as const) {
    const scores = scoresOf(rows, skill, salt);
    const predictions = rows.map(({ id, target }, i) => ({ id, score: 0, raw_score: scores[i], target }));
    writeFileSync(join(dir, 'predictions', `${split}.jsonl`), lines(predictions));
  }
  const lora = { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 2, lora_alpha: 4, target_modules: ['q_proj'] };
  writeFileSync(
    join(dir, 'adapter', 'adapter_config.json'),
    JSON.stringify({ ...lora, base_model_name_or_path: at('nowhere') }),
  );
  const settings = {
    formatVersion: 1,
    threshold: 0.5,
    maxLength: 64,
    longFunctions: 'truncate',
    pooling: 'last',
    baseFingerprint: 'x',
    data: {},
    ...(calibration === undefined ? {} : { calibration }),
  };
  writeFileSync(join(dir, 'adapter', 'vultune.json'), JSON.stringify(settings));
  writeFileSync(join(dir, 'adapter', 'adapter_model.safetensors'), 'weights');
  const fingerprints = formatFingerprints(fingerprintTraining(fingerprintsOf));
  writeFileSync(join(dir, 'adapter', 'training_functions.bin'), fingerprints);
  await recordScoredBy(join(dir, 'predictions'), readAdapterHeader(join(dir, 'adapter')));
  return dir;
}

const evaluate = (line: string, columns?: number) =>
  cliCase(
    [evaluateCommand(runEvaluate)],
    `evaluate ${line} --resamples 60`.split(' '),
    columns === undefined ? {} : { columns },
  );
const compare = (line: string) =>
  cliCase([compareCommand(runCompare)], `compare ${line} --resamples 60`.split(' '));

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, checked by what the tests expect of it
const json = (text: string): any => JSON.parse(text);

beforeEach(writeData);

describe('one run', () => {
  test('a screen of text: verdict, baselines, slices, the honest sentence', async () => {
    const run = await writeRun('run', { skill: 0.3 });
    const { stdout, stderr, exitCode } = await evaluate(`${run} --data ${at('test.jsonl')}`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('error') });
    expect(stdout).toMatch(
      /^The model is better than chance \(ROC AUC 0\.\d{3}, 95%: 0\.\d\d to [01]\.\d\d\),\s+and better\s+than its best\s+baseline/,
    );
    expect(stdout).toContain('80 functions, 40 of them vulnerable; ');
    expect(stdout).toMatch(/V2P \(own fix\) .*V2N \(unrelated\) +0\.\d{3} 0\.\d\d–/);
    expect(stdout).toContain(
      'V2N: the ROC AUC of vulnerable functions (P1) against unrelated ones (P3) (40 against 20)',
    );
    expect(stdout).toContain('P3: a function that no fix touched');
    expect(stdout).toContain('60 resamples of 40 commits');
    for (const label of ['all-positive', 'random', 'length only', 'TF-IDF', 'nearest neighbour']) {
      expect(stdout).toMatch(new RegExp(`\\n${label}.*0\\.\\d{3}`));
    }
    expect(stdout).toMatch(/P1\+P2 +60 +40/);
    expect(stdout).toMatch(/VD-S 0\.5% ↓ +[\d.]+\?/);
    expect(stdout).toContain('needs 200 functions that are not vulnerable, found 40');
    expect(stdout.trimEnd()).toMatch(/not a verdict: .*not seen\.$/);
    expect(stdout.split('\n').length).toBeLessThan(60);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(140);
  });

  test('JSON holds all of it', async () => {
    const run = await writeRun('run', { skill: 0.3 });
    const { stdout } = await evaluate(`${run} --data ${at('test.jsonl')} --prevalence 0.03 --json`);
    const result = json(stdout);
    expect(Object.keys(result.metrics)).toHaveLength(metricNames.length);
    expect(result).toMatchObject({
      run,
      functions: 80,
      vulnerable: 40,
      threshold: 0.5,
      calibration: null,
      bootstrap: { resamples: 60, cluster_by: 'commit', clusters: 40, few_clusters: false },
      contamination: { checked: true, exact: 0, near: 0, dropped: 0, validation: false },
    });
    const [low, high] = result.intervals.roc_auc;
    expect(low).toBeLessThan(result.metrics.roc_auc);
    expect(high).toBeGreaterThan(result.metrics.roc_auc);
    expect(Object.keys(result.baselines)).toEqual([
      'allPositive',
      'random',
      'lengthOnly',
      'tfidfLogisticRegression',
      'nearestNeighbour',
    ]);
    expect(new Set(result.slices.map((slice: { dimension: string }) => slice.dimension))).toEqual(
      new Set(['set', 'cwe', 'length', 'length-matched']),
    );
    const { recall, false_positive_rate: fpr } = result.metrics;
    const moved = (0.03 * recall) / (0.03 * recall + 0.97 * fpr);
    expect(result.at_prevalence.precision).toBeCloseTo(moved, 12);
  });

  test('baselines are fitted once, and the second evaluation says the same', async () => {
    const run = await writeRun('run', { skill: 0.3 });
    const line = `${run} --data ${at('test.jsonl')}`;
    const first = await evaluate(line);
    const kept = readdirSync(join(run, 'predictions')).filter((name) => name.startsWith('baselines-'));
    expect(kept).toHaveLength(1);
    expect((await evaluate(line)).stdout).toBe(first.stdout);
    // What does not fit its checksum, or is not what was kept, is fitted again.
    const path = join(run, 'predictions', kept[0]!);
    const whole = json(readFileSync(path, 'utf8'));
    const edited = (change: (baselines: { name: string; scores: unknown }[]) => unknown) => {
      const copy = structuredClone(whole);
      change(copy.baselines);
      return copy;
    };
    for (const other of [
      edited((all) => (all.find(({ name }) => name === 'random')!.scores = TEST.map(({ target }) => target))),
      edited((all) => all.splice(0)),
      edited((all) => (all[0]!.scores = ['abc'])),
      edited((all) => Object.assign(all[0]!, { threshold: '0.5' })),
      [null],
      [{ name: 'random' }],
      null,
      5,
    ]) {
      writeFileSync(path, JSON.stringify(other));
      const { exitCode, stdout } = await evaluate(line);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: first.stdout });
    }
    // Other validation functions, other baselines.
    writeFileSync(at('valid.jsonl'), lines(VALID.slice(0, 50)));
    await evaluate(line);
    expect(
      readdirSync(join(run, 'predictions')).filter((name) => name.startsWith('baselines-')),
    ).toHaveLength(2);
    writeFileSync(path, '{');
    writeFileSync(at('valid.jsonl'), lines(VALID));
    expect((await evaluate(line)).stdout).toBe(first.stdout);
  });

  test('a useless model is said not to beat the baselines, by name', async () => {
    const run = await writeRun('run', { skill: 0 });
    const { stdout } = await evaluate(`${run} --data ${at('test.jsonl')}`);
    expect(stdout).toContain('no better than chance');
    expect(stdout).toMatch(/The model is (worse than|not better than|not clearly better than) random/);
  });

  test('the calibration of the adapter changes probabilities and no ranking; another can be fitted', async () => {
    const bare = await writeRun('bare', { skill: 0.3 });
    const platt = { method: 'platt', slope: 3, intercept: -1, functions: 60, prevalence: 0.5 };
    const calibrated = await writeRun('calibrated', { skill: 0.3, calibration: platt });
    const result = async (line: string) =>
      json((await evaluate(`${line} --data ${at('test.jsonl')} --json`)).stdout);
    const [a, b] = [await result(bare), await result(calibrated)];
    expect(b.metrics.roc_auc).toBe(a.metrics.roc_auc);
    expect(b.metrics.brier).not.toBeCloseTo(a.metrics.brier, 3);
    expect(b.calibration).toEqual(platt);
    const fitted = await result(`${bare} --calibration isotonic`);
    expect(fitted).toMatchObject({
      threshold_from: 'validation',
      calibration: { method: 'isotonic', functions: 60 },
    });
    expect(fitted.metrics.roc_auc).toBeCloseTo(a.metrics.roc_auc, 12);
    expect(fitted.metrics.log_loss).toBeLessThan(a.metrics.log_loss);
  });

  test('its validation file is said to be that', async () => {
    const run = await writeRun('run', { skill: 0.3 });
    const { stdout } = await evaluate(`${run} --data ${at('valid.jsonl')}`);
    expect(stdout).toContain('This is the validation file');
  });

  test('scores that were kept are read, those of other functions are not', async () => {
    const run = await writeRun('run', { skill: 0.3 });
    writeFileSync(at('other.jsonl'), lines(TEST.toReversed()));
    const { stderr, exitCode } = await evaluate(`${run} --data ${at('other.jsonl')}`);
    // Nothing is known of this file, so the base model is wanted, which does not exist.
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('nowhere') });
  });
});

describe('contamination', () => {
  test('refused with counts and names; allowed, said; dropped, the rest is judged', async () => {
    const run = await writeRun('run', { skill: 0.3, fingerprintsOf: [...TRAIN, ...TEST.slice(0, 6)] });
    const refused = await evaluate(`${run} --data ${at('test.jsonl')}`);
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(
      /EVALUATION_CONTAMINATED: 6 of 80 test functions were trained on \(6 the same, 0 nearly\): f200 \(the same\),.* and 1 more/,
    );
    const allowed = await evaluate(`${run} --data ${at('test.jsonl')} --allow-contamination`);
    expect(allowed.exitCode).toBe(0);
    expect(allowed.stdout).toContain('CONTAMINATED: 6 test functions were trained on');
    const dropped = await evaluate(`${run} --data ${at('test.jsonl')} --drop-contaminated --json`);
    expect(json(dropped.stdout)).toMatchObject({ functions: 74, contamination: { exact: 6, dropped: 6 } });
  });

  test('without fingerprints the training file is asked, without that it is said', async () => {
    const run = await writeRun('run', { skill: 0.3 });
    rmSync(join(run, 'adapter', 'training_functions.bin'));
    const own = await evaluate(`${run} --data ${at('train.jsonl')}`);
    expect(own.stderr).toContain('60 of 60 test functions were trained on');
    rmSync(at('train.jsonl'));
    const unknown = await evaluate(`${run} --data ${at('test.jsonl')}`);
    expect(unknown.stdout).toContain('Not checked for contamination');
    expect(unknown.stderr).toContain('no training file is known');
  });
});

describe('several runs', () => {
  test('mean and standard deviation, and the ensemble of averaged logits', async () => {
    const runs = [await writeRun('a', { skill: 0.2 }), await writeRun('b', { skill: 0.3, salt: 41 })];
    const line = `${runs.join(' ')} --data ${at('test.jsonl')}`;
    const result = json((await evaluate(`${line} --json`)).stdout);
    const aucs = result.runs.map((one: { metrics: { roc_auc: number } }) => one.metrics.roc_auc);
    expect(result.mean.roc_auc.mean).toBeCloseTo((aucs[0] + aucs[1]) / 2, 12);
    expect(result.mean.roc_auc.sd).toBeCloseTo(Math.abs(aucs[0] - aucs[1]) / Math.SQRT2, 12);
    expect(result.ensemble.threshold_from).toBe('validation');
    expect(result.runs[0].threshold_from).toBe('adapter');
    const given = json((await evaluate(`${line} --json --threshold 0.3`)).stdout);
    expect(given.ensemble).toMatchObject({ threshold: 0.3, threshold_from: 'given' });
    // Two models with errors of their own: together they rank better than on average.
    expect(result.ensemble.metrics.roc_auc).toBeGreaterThan(result.mean.roc_auc.mean);
    const { stdout } = await evaluate(line);
    expect(stdout).toMatch(/mean ± sd +0\.\d{3} ± 0\.\d{3}/);
    expect(stdout).toContain('\n\nThe ensemble is better than chance (ROC AUC');
  });

  test('one run twice is no two runs', async () => {
    const run = await writeRun('a', { skill: 0.2 });
    const { exitCode, stderr } = await evaluate(`${run} ${folder}/./a --data ${at('test.jsonl')}`);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('EVALUATION_SAME_RUN'),
    });
  });
});

test('names out of data cannot steer the terminal', async () => {
  const hostile = TEST.map((row) => ({ ...row, id: `\u001b[2J${row.id}`, cwe: ['CWE\u001b[31m-79\u202e'] }));
  writeFileSync(at('test.jsonl'), lines(hostile));
  const run = await writeRun('a', { skill: 0.2, fingerprintsOf: TEST.slice(0, 2) });
  const refused = await evaluate(`${run} --data ${at('test.jsonl')}`);
  const shown = await evaluate(`${run} --data ${at('test.jsonl')} --allow-contamination --slices`);
  expect(refused.stderr).toContain('f200 (the same)');
  expect(shown.stdout).toContain('-79');
  for (const text of [refused.stderr, shown.stdout]) {
    for (const mark of ['\u001b', '\u202e']) expect(text).not.toContain(mark);
  }
});

test('more resamples than fit into memory are refused', async () => {
  const run = await writeRun('a', { skill: 0.2 });
  const argv = `evaluate ${run} --data ${at('test.jsonl')} --resamples 1e9`.split(' ');
  const { exitCode, stderr } = await cliCase([evaluateCommand(runEvaluate)], argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('at most 100000') });
});

describe('compare', () => {
  test('the better one of two is named, on the test file of both', async () => {
    const [weak, strong] = [await writeRun('weak', { skill: 0 }), await writeRun('strong', { skill: 0.5 })];
    const { stdout, exitCode } = await compare(`${weak} ${strong}`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /ROC AUC +0\.\d{3} +1\.000 +\+0\.\d{3} \+0\.\d{3} to \+0\.\d{3} +0\.\d{3} +second/,
    );
    expect(stdout).toMatch(/The second model ranks better/);
    const result = json((await compare(`${strong} ${weak} --json`)).stdout);
    expect(result.differences.roc_auc).toMatchObject({ first: 1, better: 'first' });
    expect(result.delong.p_value).toBeLessThan(0.001);
  });

  test('noise is called noise, the same the same', async () => {
    const [a, b] = [await writeRun('a', { skill: 0.2 }), await writeRun('b', { skill: 0.2, salt: 41 })];
    expect((await compare(`${a} ${b}`)).stdout).toContain('No difference is shown');
    expect((await compare(`${a} ${a}`)).stdout).toContain('rank these functions the same way');
  });

  test('groups are compared by the means over their runs, and a run belongs to one of them', async () => {
    const group = async (name: string, skill: number) =>
      await Promise.all([31, 37, 41].map((salt) => writeRun(`${name}${salt}`, { skill, salt })));
    const [weak, strong] = [await group('weak', 0), await group('strong', 0.5)];
    const of = async (runs: readonly string[], others: readonly string[]) =>
      json((await compare(`${runs.join(',')} ${others.join(',')} --json`)).stdout);
    const whole = await of(weak, strong);
    const single = await Promise.all(weak.map((run) => of([run], [strong[0]!])));
    const means = single.map(({ differences }) => differences.roc_auc.first).reduce((a, b) => a + b, 0) / 3;
    expect(whole.differences.roc_auc.first).toBeCloseTo(means, 12);
    expect(whole.differences.roc_auc).toMatchObject({ second: 1, better: 'second' });
    expect(whole).toMatchObject({ first: weak, second: strong, delong: null });
    const { stderr, exitCode } = await compare(`${weak.join(',')} ${weak[0]}`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('named twice') });
  });

  test('runs of other test files need --data', async () => {
    const a = await writeRun('a', { skill: 0.2 });
    writeFileSync(at('test.jsonl'), lines(TEST.toReversed()));
    const b = await writeRun('b', { skill: 0.2 });
    const { stderr, exitCode } = await compare(`${a} ${b}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('tested on different files');
  });
});

describe('figures as tables', () => {
  const rowsOf = (csv: string) => parseCsv(csv, { columns: true }) as unknown as Record<string, string>[];

  test('CSV has the figures of the JSON, all of them and unrounded, a row per model and baseline', async () => {
    const run = await writeRun('run, "a"', { skill: 0.3 });
    const line = ['evaluate', run, '--resamples', '60'];
    const of = async (...more: string[]) =>
      (await cliCase([evaluateCommand(runEvaluate)], [...line, ...more])).stdout;
    const result = json(await of('--json'));
    const rows = rowsOf(await of('--format', 'csv'));
    expect(rows.map(({ model }) => model)).toEqual([
      'model',
      ...Object.values(result.baselines as Record<string, { label: string }>).map(({ label }) => label),
    ]);
    const [model] = rows;
    for (const [name, value] of Object.entries(result.metrics as Record<string, number | null>)) {
      expect(model![name], name).toBe(`${value ?? ''}`);
      const [low, high] = result.intervals[name] ?? ['', ''];
      expect([model![`${name}_low`], model![`${name}_high`]], name).toEqual([`${low}`, `${high}`]);
    }
    expect(model).toMatchObject({ functions: '80', vulnerable: '40', threshold: '0.5' });
  });

  test('Markdown and LaTeX have rounded figures, their conditions, and what the model does not beat', async () => {
    const run = await writeRun('run', { skill: 0 });
    const result = json((await evaluate(`${run} --json`)).stdout);
    const figure = result.metrics.roc_auc.toFixed(3) as string;
    const [low, high] = (result.intervals.roc_auc as number[]).map((value) => value.toFixed(2));
    const md = (await evaluate(`${run} --format md`)).stdout;
    expect(md).toMatch(/^\| {2}\| ROC AUC \| .*\n\| --- \| ---: \|/);
    expect(md).toContain(`| model | ${figure} (${low}–${high}) |`);
    expect(md).toContain('60 resamples of 40 commits.');
    const tex = (await evaluate(`${run} --format tex`)).stdout;
    expect(tex).toContain(`\nmodel & ${figure} (${low}--${high}) & `);
    expect(tex).toContain('FPR $\\downarrow$');
    expect(result.shortfalls.length).toBeGreaterThan(0);
    for (const { sentence } of result.shortfalls as { sentence: string }[]) {
      expect(tex).toContain(`% ${sentence}\n`);
    }
    const columns = /\\begin\{tabular\}\{(l[r]+)\}/.exec(tex)![1]!.length;
    for (const row of tex.split('\n').filter((line) => line.endsWith('\\\\'))) {
      expect(row.split(/(?<!\\)&/)).toHaveLength(columns);
    }
  });

  test('several runs each have a row before their ensemble', async () => {
    const runs = [await writeRun('a_1', { skill: 0.2 }), await writeRun('b_2', { skill: 0.3, salt: 41 })];
    const rows = rowsOf((await evaluate(`${runs.join(' ')} --format csv`)).stdout);
    expect(rows.slice(0, 4).map(({ model }) => model)).toEqual([...runs, 'ensemble', 'all-positive']);
    expect((await evaluate(`${runs.join(' ')} --format tex`)).stdout).toContain('a\\_1 & ');
  });

  test('a comparison has a row per figure', async () => {
    const [weak, strong] = [await writeRun('weak', { skill: 0 }), await writeRun('strong', { skill: 0.5 })];
    const result = json((await compare(`${weak} ${strong} --json`)).stdout).differences;
    const rows = rowsOf((await compare(`${weak} ${strong} --format csv`)).stdout);
    expect(rows.map(({ figure }) => figure)).toEqual(Object.keys(result));
    expect(rows[0]).toMatchObject({
      first: `${result.roc_auc.first}`,
      difference: `${result.roc_auc.difference}`,
      difference_low: `${result.roc_auc.interval[0]}`,
      better: 'second',
    });
    const md = (await compare(`${weak} ${strong} --format md`)).stdout;
    expect(md).toContain(`| ROC AUC | ${result.roc_auc.first.toFixed(3)} | 1.000 | +`);
    expect(md).toContain('The second model ranks better');
  });

  test('a format beside --json is refused', async () => {
    expect((await evaluate('run --json --format csv')).exitCode).toBe(2);
  });
});

describe('without --data', () => {
  test("the run's own test file is evaluated, and that is said", async () => {
    const run = await writeRun('run', { skill: 0.3 });
    const { stdout, stderr } = await evaluate(`${run} --json`);
    expect(stderr).toContain(`data: ${at('test.jsonl')}, the test file of the run\n`);
    expect(json(stdout)).toMatchObject({ data: at('test.jsonl'), functions: 80 });
  });

  test('runs of other test files, or of none, need --data', async () => {
    const a = await writeRun('a', { skill: 0.2 });
    writeFileSync(at('test.jsonl'), lines(TEST.toReversed()));
    const b = await writeRun('b', { skill: 0.2 });
    const other = await evaluate(`${a} ${b}`);
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('RUN_NO_TEST_FILE') });
    expect(other.stderr).toContain('the runs were tested on different files');
    const none = await evaluate(join(a, 'adapter'));
    expect(none.stderr).toContain('adapter names no test file');
  });
});
