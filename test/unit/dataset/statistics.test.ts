/** @file Dataset statistics: every count by hand, bounded size, order of the records, the command. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import { type PartRecord, readParts } from '../../../src/dataset/formats/read-parts.ts';
import type { DatasetRecord } from '../../../src/dataset/record.ts';
import { collectStatistics } from '../../../src/dataset/statistics/collect-statistics.ts';
import type { DatasetStatistics } from '../../../src/dataset/statistics/dataset-statistics.ts';
import { DateCounts } from '../../../src/dataset/statistics/date-counts.ts';
import { cliCase } from '../../support/cli-case.ts';
import { sharedFolder } from '../../support/shared.ts';

const place = (part: string, record: DatasetRecord): PartRecord => ({
  record,
  file: `${part}.jsonl`,
  line: 1,
  part,
});
const words = (count: number, word = 'w') => Array.from({ length: count }, (_, i) => `${word}${i}`).join(' ');
const countTokens = (text: string) => text.split(' ').length;
const collect = (records: readonly PartRecord[], more = {}) =>
  collectStatistics(records, { name: 'd', tokenizer: { name: 'words', countTokens }, ...more });

describe('collectStatistics', () => {
  const facts = { project: 'p', commit: 'abcdef1', cve: 'CVE-2020-1', language: 'Java', date: '2021-05-04' };
  const records = [
    place('test', { code: words(10), target: 1, set: 'P1', pair: 'a', cwe: ['CWE-1', 'CWE-2'], ...facts }),
    place('train', { code: words(11), target: 0, set: 'P2', pair: 'a', cwe: ['CWE-1'], ...facts }),
    place('train', { code: words(3000), target: 0, set: 'P3', language: 'java', date: '2021-11-30' }),
    place('train', { code: `${words(3000)} // again`, target: 1 }),
    place('train', { code: words(40, 'x'), target: 0, pair: 'half', date: 'yesterday' }),
  ];

  test('counts', async () => {
    const statistics = await collect(records);
    expect(statistics.total).toEqual({ functions: 5, vulnerable: 2 });
    expect(statistics.files).toEqual([
      { path: 'test.jsonl', functions: 1, vulnerable: 1 },
      { path: 'train.jsonl', functions: 4, vulnerable: 1 },
    ]);
    expect(Object.keys(statistics.parts)).toEqual(['train', 'test']);
    expect(statistics.parts.train).toEqual({
      functions: 4,
      vulnerable: 1,
      sets: { P1: 0, P2: 1, P3: 1, none: 2 },
      pairs: 2,
      projects: 1,
      commits: 1,
      cves: 1,
    });
    expect(statistics.languages.entries).toEqual([{ name: 'java', functions: 3, vulnerable: 1 }]);
    expect(statistics.languages.missing).toEqual({ functions: 2, vulnerable: 1 });
    expect(statistics.cwes.entries).toEqual([
      { name: 'CWE-1', functions: 2, vulnerable: 1 },
      { name: 'CWE-2', functions: 1, vulnerable: 1 },
    ]);
    expect(statistics.dates).toEqual({
      first: '2021-05-04',
      last: '2021-11-30',
      missing: 2,
      unit: 'quarter',
      buckets: [
        { name: '2021-Q2', functions: 2, vulnerable: 1 },
        { name: '2021-Q3', functions: 0, vulnerable: 0 },
        { name: '2021-Q4', functions: 1, vulnerable: 0 },
      ],
    });
    expect(statistics.pairs).toMatchObject({
      count: 1,
      samples: [{ pair: 'a', part: 'test', cve: 'CVE-2020-1' }],
    });
  });

  test('lengths: a bucket holds its upper end, as in the paper; quantiles are exact', async () => {
    const { lengths } = await collect(records);
    const filled = lengths.buckets.flatMap(({ label, functions }) =>
      functions > 0 ? [[label, functions]] : [],
    );
    expect(filled).toEqual([
      ['0-10', 1],
      ['10-20', 1],
      ['20-50', 1],
      ['>2000', 2],
    ]);
    expect(lengths).toMatchObject({ tokenizer: 'words', isEstimate: false, median: 40, longest: 3002 });
    expect(lengths.totalTokens).toBe(10 + 11 + 3000 + 3002 + 40);
    expect(lengths.buckets.map(({ label }) => label)).toEqual(
      '0-10 10-20 20-50 50-100 100-300 300-500 500-1000 1000-2000 >2000'.split(' '),
    );
  });

  test('duplicates: a body with both labels, a near duplicate across parts', async () => {
    const near = words(400).replace('w7 ', 'seven ');
    const { duplicates } = await collect([
      place('train', { code: words(400), target: 1 }),
      place('train', { code: `${words(400)} // x`, target: 0 }),
      place('test', { code: near, target: 0 }),
    ]);
    expect(duplicates).toEqual({
      exactGroups: 1,
      exactExtra: 1,
      nearGroups: 1,
      nearExtra: 2,
      threshold: 0.9,
      conflicts: 1,
      crossing: 1,
    });
  });

  test('of many pairs and names the page is bounded, and the order of records does not matter', async () => {
    const many = Array.from({ length: 400 }, (_, i) => [
      place('train', { code: words(30, `a${i}_`), target: 1, pair: `p${i}`, project: `project${i}` }),
      place('train', { code: words(30, `b${i}_`), target: 0, pair: `p${i}`, project: `project${i}` }),
    ]).flat();
    const statistics = await collect(many);
    expect(statistics.pairs.count).toBe(400);
    expect(statistics.pairs.samples).toHaveLength(40);
    expect(statistics.projects.entries).toHaveLength(50);
    expect(statistics.projects.others).toEqual({ names: 350, functions: 700, vulnerable: 350 });
    const shuffled = await collect(randomStream(1, 'o').shuffle(many));
    expect(shuffled).toEqual(statistics);
    const others = await collect(many, { seed: 7 });
    expect(others.pairs.samples).not.toEqual(statistics.pairs.samples);
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
  });

  test('an empty dataset', async () => {
    const statistics = await collect([]);
    expect(statistics.total).toEqual({ functions: 0, vulnerable: 0 });
    expect(statistics.lengths).toMatchObject({ mean: 0, median: 0, longest: 0 });
    expect(statistics.dates.buckets).toEqual([]);
  });
});

test('dates over many years are counted by year, without gaps', () => {
  const dates = new DateCounts();
  for (const date of ['2009-12-31', '2015-01', '2015-02-03T10:00:00Z', 'x', undefined]) dates.add(date, 0);
  const { unit, buckets, missing } = dates.counts();
  expect([unit, missing]).toEqual(['year', 2]);
  expect(buckets.map(({ name, functions }) => [name, functions])).toEqual([
    ['2009', 1],
    ['2010', 0],
    ['2011', 0],
    ['2012', 0],
    ['2013', 0],
    ['2014', 0],
    ['2015', 2],
  ]);
});

describe('data stats', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vultune-stats-'));
    const record = (code: string, target: 0 | 1) => `${JSON.stringify({ code, target, cwe: 'CWE-7' })}\n`;
    writeFileSync(join(folder, 'train.jsonl'), record('f(){}', 1) + record('g(){ return 1; }', 0));
    writeFileSync(join(folder, 'empty.jsonl'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...argv: string[]) => cliCase([dataCommand({} as never)], ['data', 'stats', ...argv]);

  test('as text and as JSON', async () => {
    const text = await run(join(folder, 'train.jsonl'));
    expect(text.exitCode).toBe(0);
    expect(text.stdout).toContain('train          2     1 (50%)');
    expect(text.stdout).toContain('CWE-7');
    expect(text.stdout).toContain('estimated at 3.2 characters per token');
    const json = JSON.parse((await run(join(folder, 'train.jsonl'), '--json')).stdout) as DatasetStatistics;
    expect(json.total).toEqual({ functions: 2, vulnerable: 1 });
  });

  test('an empty file is said to be empty', async () => {
    const result = await run(join(folder, 'empty.jsonl'));
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('empty.jsonl');
  });
});

const shared = sharedFolder();
test.skipIf(shared === undefined)('X_1 as published', async () => {
  const files = ['train', 'valid'].map((part) => join(shared!, 'data', 'x1', `${part}.jsonl`));
  const statistics = await collectStatistics(readParts(files), { name: 'X_1' });
  expect(statistics.total).toEqual({ functions: 1082, vulnerable: 542 });
  expect(statistics.duplicates).toMatchObject({ conflicts: 5, exactGroups: 6 });
  expect(statistics.pairs.samples).toHaveLength(40);
});
