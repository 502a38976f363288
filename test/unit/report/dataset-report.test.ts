/** @file The page of a dataset: lines in step, nothing becomes markup, 0, 1 and many functions. */
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { collectStatistics } from '../../../src/dataset/statistics/collect-statistics.ts';
import { alignLines } from '../../../src/report/dataset/side-by-side.ts';
import { datasetReportPage } from '../../../src/report/dataset-report.ts';

const placed = (records: readonly Record<string, unknown>[]) =>
  records.map((record, i) => ({ record: record as never, file: 'a.jsonl', line: i + 1, part: 'train' }));

const pageOf = async (records: readonly Record<string, unknown>[], name = 'set') =>
  parseHTML(datasetReportPage(await collectStatistics(placed(records), { name }))).document;

describe('matched commits', () => {
  const commits = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      commit: `${i}`.padStart(40, 'a'),
      subject: i === 0 ? '<img src=x onerror=alert(1)> | fix' : `fix ${i}`,
    }));
  const sectionOf = async (count: number) => {
    const statistics = await collectStatistics(placed(pair('a')), { name: 'set' });
    const { document } = parseHTML(datasetReportPage(statistics, { matched: commits(count) }));
    return document.querySelector('#matched-commits');
  };

  test('stand on the page with their subjects, escaped; many are cut and counted', async () => {
    expect(await sectionOf(0)).toBeNull();
    const few = (await sectionOf(2))!;
    expect(few.querySelectorAll('img')).toHaveLength(0);
    expect(few.querySelector('tbody tr').textContent).toContain('<img src=x onerror=alert(1)> | fix');
    const many = (await sectionOf(950))!;
    expect(many.querySelectorAll('tbody tr')).toHaveLength(200);
    expect(many.textContent).toContain('950 commits');
    expect(many.textContent).toContain('The first 200; 750 more are in dataset.json.');
  });
});

describe('side by side', () => {
  test('changed lines stand next to each other, added ones next to nothing', () => {
    expect(alignLines('a\nb\nc', 'a\nB\nnew\nc')).toEqual([
      { before: 'a', after: 'a' },
      { before: 'b', after: 'B' },
      { before: undefined, after: 'new' },
      { before: 'c', after: 'c' },
    ]);
  });

  test('both columns are the two texts, whatever they are', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', '{', '}', 'x = 1;', ''), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const rows = alignLines(before.join('\n'), after.join('\n'));
        const side = (which: 'before' | 'after') => rows.flatMap((row) => row[which] ?? []).join('\n');
        expect(side('before')).toBe(before.join('\n').replace(/\n+$/, ''));
        expect(side('after')).toBe(after.join('\n').replace(/\n+$/, ''));
      }),
    );
  });
});

const pair = (text: string) => [
  {
    code: `f(${text}) {\n  gets(x);\n}`,
    target: 1,
    set: 'P1',
    pair: 'p',
    language: text,
    cwe: [text],
    project: text,
    function_name: text,
    path: text,
    date: '2020-01-02',
  },
  {
    code: `f(${text}) {\n  fgets(x);\n}`,
    target: 0,
    set: 'P2',
    pair: 'p',
    language: text,
    cwe: [text],
    project: text,
    date: '2021-05-02',
  },
];

test('a pair is shown with its changed words', async () => {
  const document = await pageOf(pair('x'));
  expect([...document.querySelectorAll('#pairs del')].map(({ textContent }) => textContent)).toEqual([
    'gets',
  ]);
  expect([...document.querySelectorAll('#pairs ins')].map(({ textContent }) => textContent)).toEqual([
    'fgets',
  ]);
});

test('every field is escaped', async () => {
  for (const text of ['<img src=x onerror=y>', '</script><script>x', '"><b>', "'><i>"]) {
    const document = await pageOf(pair(text), text);
    expect(document.querySelectorAll('img, b, i, script:not(:last-of-type)')).toHaveLength(0);
    expect(document.querySelector('h1')!.textContent).toBe(text);
    expect(document.querySelector('#pairs summary span')!.textContent).toBe(text);
  }
});

test('none and one', async () => {
  expect((await pageOf([])).querySelector('main')!.textContent).toContain('This dataset holds no functions');
  const one = (await pageOf([{ code: 'int f() { return 1; }', target: 0 }])).querySelector('main')!
    .textContent!;
  expect(one).toContain('This dataset holds no pairs');
  expect(one).not.toMatch(/NaN|undefined|Infinity/);
});

test('long names that begin alike are told apart; one group is not "1 groups"', async () => {
  const body = 'int f(char *s) { char b[8]; strcpy(b, s); strcat(b, s); return b[0] + b[1]; }';
  const records = ['187', '204'].map((number) => ({
    code: body,
    target: 0,
    project: `organisation/project-with-a-long-name-${number}`,
  }));
  const parts = placed(records).map((one, i) => ({ ...one, part: i === 0 ? 'train' : 'test' }));
  const html = datasetReportPage(await collectStatistics(parts, { name: 'set' }));
  for (const number of ['187', '204']) expect(html).toMatch(new RegExp(`organi….*name-${number}`));
  expect(html).toContain('1 group of near duplicates lies');
});
