/** @file The quickstart's last screen: what it says first, in which order, and that it fits a terminal. */
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type EndingFacts,
  ending,
  MOST_ROWS,
  rowsOf,
  type ScannedPackage,
  scanPart,
} from '../../../src/cli/quickstart/ending.ts';
import type { LabelledRecord } from '../../../src/dataset/record.ts';
import {
  type Comparison,
  evaluateWithBaselines,
  withIntervals,
} from '../../../src/evaluation/compare-baselines.ts';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';
import type { Finding, ScanReport } from '../../../src/scan/finding.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const record = (i: number): LabelledRecord => ({
  code: `function f${i}(a) { return a${' + a'.repeat((i * 7) % 5)}; }`,
  target: i % 2 === 0 ? 1 : 0,
  set: i % 2 === 0 ? 'P1' : 'P2',
  pair: `${Math.floor(i / 2)}`,
  project: `package-${i % 12}`,
  path: 'lib/a.js',
  function_name: 'load',
  cve: 'CVE-2020-1',
  start_line: i,
});

const records = Array.from({ length: 60 }, (_, i) => record(i));
/** Sure of what is vulnerable, or of nothing. */
const right = records.map(({ target }, i) => (target === 1 ? 0.6 : 0.3) + (i % 9) / 100);
const useless = records.map((_, i) => ((i * 13) % 60) / 60);

async function comparison(model: readonly number[], blend?: readonly number[]): Promise<Comparison> {
  const bare = evaluateWithBaselines({
    train: records,
    test: records,
    scores: model,
    threshold: 0.5,
    ...(blend === undefined ? {} : { blend: { scores: blend, threshold: 0.5, note: '', isUsed: true } }),
  });
  return await withIntervals(bare, records, { clusters: clusterRecords(records), resamples: 50 });
}

let both: Comparison;
let alone: Comparison;
beforeAll(async () => {
  both = await comparison(useless, right);
  alone = await comparison(useless);
});

const finding = (startLine: number, score: number, band: Finding['band'] = 'vulnerable'): Finding => ({
  file: 'lib/a.js',
  language: 'javascript',
  name: `f${startLine}\x1b[31m`,
  fingerprint: '',
  startLine,
  startColumn: 1,
  endLine: startLine,
  endColumn: 1,
  score,
  band,
  truncated: false,
});

const scanned = (findings: readonly Finding[], lines: readonly number[]): ScannedPackage => ({
  release: 'p 1.0.0',
  folder: 'quickstart/packages/p-1.0.0',
  known: lines.map(record),
  report: {
    complete: true,
    counts: { functions: 9, files: 2, vulnerable: 4, uncertain: 1, safe: 4 } as ScanReport['counts'],
    findings,
  },
});

const findings = [
  finding(7, 0.9),
  finding(4, 0.8),
  finding(2, 0.7),
  finding(1, 0.6, 'uncertain'),
  finding(3, 0.6),
];

const facts = (overrides: Partial<EndingFacts> = {}): EndingFacts => ({
  quick: false,
  comparison: both,
  usesBlend: true,
  withoutBlend: undefined,
  training: {
    baseModel: 'Qwen2.5-Coder-0.5B',
    keepLayers: 16,
    functions: 1455,
    vulnerable: 455,
    projects: 83,
    maxLength: 384,
    truncated: 160,
    leftOut: 24,
  },
  threshold: 0.61,
  examples: [
    { record: record(0), score: 0.7, band: 'vulnerable' },
    { record: record(1), score: 0.6, band: 'uncertain' },
    { record: { ...record(2), set: 'P3', function_name: 'x'.repeat(200) }, score: 0.011, band: 'safe' },
  ],
  scanned: scanned(findings, [4, 1, 99]),
  run: 'quickstart/runs/1',
  tookMs: 600_000,
  ...overrides,
});

const textOf = (overrides: Partial<EndingFacts> = {}, columns = 80) =>
  stripVTControlCharacters(ending(facts(overrides), fakeTerminal({ columns })));

describe('the screen', () => {
  test.each([80, 100, 132])('with everything there is to say it fits 40 rows of %d columns', (columns) => {
    const text = textOf({ quick: true }, columns);
    expect(rowsOf(text, columns)).toBeLessThanOrEqual(MOST_ROWS);
    expect(MOST_ROWS).toBeLessThanOrEqual(40 - 3);
    expect(text.split('\n').filter((line) => line.length > columns)).toEqual([]);
  });

  test('where paths are long, findings of the scan give way', () => {
    const run = `/home/somebody/${'a-long-folder/'.repeat(8)}runs/1`;
    const text = textOf({ run, quick: true });
    expect(rowsOf(text, 80)).toBeLessThanOrEqual(40);
    expect(text).toContain('rank 2 of 9');
  });

  test('a row that is broken counts as two', () => {
    expect(rowsOf(`${'x'.repeat(81)}\n\ny\n`, 80)).toBe(4);
  });

  test('the verdict comes first, then figures, examples, the scan, what it rests on, what is next', () => {
    const text = textOf();
    const order = [
      'The model is no better than chance',
      'Its blend with TF-IDF and length has ROC AUC 1.000',
      'better than that baseline; scan and predict use it.',
      '60 test functions, 30 vulnerable',
      'AP     F1',
      'blend (scan uses it)',
      'TF-IDF + logistic regression  ',
      'functions of the test part (threshold 0.610)',
      'Scan of p 1.0.0',
      'What this rests on',
      'What next',
      'npx vultune scan quickstart/runs/1 src',
    ];
    const places = order.map((part) => text.replaceAll(/\n(?=[a-z(])/g, ' ').indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('no blend: why, and the model is what scan uses', () => {
    const text = textOf({ comparison: alone, usesBlend: false, withoutBlend: 'validation is too small' });
    expect(text).toContain('There is no blend of model, TF-IDF and length: validation is too small.');
    expect(text).toContain('model (scan uses it)');
  });

  test('what it rests on is what was counted', () => {
    const text = textOf();
    expect(text).toContain('1,455 functions (455 vulnerable) of 83 packages');
    expect(text).toContain('384 tokens a function; 11% are longer, 24 left out (max_length)');
    expect(text).toContain('Qwen2.5-Coder-0.5B, its lowest 16 layers');
    expect(text).toMatch(/lower than what it fixes in \d+ of 30 test pairs/);
  });

  test('bands as scan words them', () => {
    const rows = textOf()
      .split('\n')
      .filter((line) => /^0\.\d{3} {2}/.test(line));
    expect(rows.slice(0, 3).map((row) => row.split(/ {2,}/)[1])).toEqual(['vulnerable', 'uncertain', 'safe']);
  });
});

test('better than the best baseline is said only where the difference is proven', async () => {
  const [model, ...baselines] = both.rows;
  const blend = { ...both.blend!, result: both.blend!.result };
  const shown = (kinds: Comparison['blendShortfalls']) =>
    textOf({
      comparison: { ...both, rows: [model!, ...baselines], blend, blendShortfalls: kinds ?? [] },
    }).replaceAll('\n', ' ');
  const best = baselines
    .filter(({ name }) => name !== 'random' && name !== 'allPositive')
    .toSorted((a, b) => b.result.metrics.rocAuc! - a.result.metrics.rocAuc!)[0]!;
  const fall = (kind: 'unproven' | 'notBetter') => [
    { baseline: best.name, metric: 'rocAuc' as const, kind, sentence: '' },
  ];
  expect(shown([])).toContain(', better than that baseline;');
  expect(shown(fall('unproven'))).toContain(', not shown to be better than that baseline;');
  expect(shown(fall('notBetter'))).toContain(', not better than that baseline;');
});

describe('the scan', () => {
  test('the sums, where the known functions came out, the first findings', () => {
    const lines = scanPart(
      scanned(findings, [4, 1, 99]),
      { findings: 3, known: 2 },
      fakeTerminal({ columns: 100 }),
    ).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'Scan of p 1.0.0: 9 functions, 2 files: 4 vulnerable, 1 uncertain, 4 safe',
      'CVE-2020-1 is load (lib/a.js:4): rank 2 of 9, score 0.800',
      'CVE-2020-1 is load (lib/a.js:1): rank 4 of 9, score 0.600, tied with 1 other (1 more)',
    ]);
    expect(lines.slice(3, 6).map((line) => line.split(/\s+/)[0])).toEqual(['0.900', '0.800', '0.700']);
    expect(lines[4]).toContain('= CVE-2020-1');
    expect(lines.join()).not.toContain('\x1b[31m');
  });

  test('a known function below all findings', () => {
    const text = scanPart(scanned(findings, [99]), { findings: 3, known: 2 }, fakeTerminal({ columns: 100 }));
    expect(text).toContain('(lib/a.js:99): band safe, not among the findings');
  });
});
