import { describe, expect, test } from 'vitest';
import { cweId, cweIds, cweLabel, cweTag, cweUrl } from '../../../src/dataset/cwe.ts';
import { chooseCweClasses, whyNoCweHead } from '../../../src/evaluation/cwe/choose-classes.ts';
import { beatsMajority, evaluateCwe } from '../../../src/evaluation/cwe/evaluate-cwe.ts';
import { foldClasses } from '../../../src/evaluation/cwe/fold-classes.ts';
import { describeCweHead, measuredCwe } from '../../../src/evaluation/cwe/measured-cwe.ts';
import { clusterRecords } from '../../../src/evaluation/resampling/clusters.ts';

const vulnerable = (...cwe: string[]) => ({ target: 1 as const, cwe });

describe('how a CWE is written', () => {
  test.each([
    ['CWE-79', 'CWE-79'],
    ['cwe_079', 'CWE-79'],
    [' 89 ', 'CWE-89'],
    ['NVD-CWE-noinfo', undefined],
    ['CWE-other', undefined],
    ['CWE-0', undefined],
    ['CWE-123456', undefined],
  ])('%s', (text, id) => {
    expect(cweId(text)).toBe(id);
  });

  test('a record names each once; links and tags are of the number', () => {
    expect(cweIds(['CWE-79', 'cwe-79', 'NVD-CWE-Other', 'CWE-1321'])).toEqual(['CWE-79', 'CWE-1321']);
    expect(cweUrl('CWE-79')).toMatch(/\/definitions\/79\.html$/);
    expect([cweTag('CWE-79'), cweTag('CWE-1321')]).toEqual(['external/cwe/cwe-079', 'external/cwe/cwe-1321']);
    expect(cweLabel('CWE-416')).toBe('CWE-416 (Use After Free)');
    expect(cweLabel('CWE-99999')).toBe('CWE-99999');
  });
});

describe('the classes of a head', () => {
  const records = [
    ...Array.from({ length: 5 }, () => vulnerable('CWE-79')),
    ...Array.from({ length: 3 }, () => vulnerable('CWE-89', 'CWE-79')),
    ...Array.from({ length: 3 }, () => vulnerable('CWE-22')),
    vulnerable('CWE-20'),
    // A fix has the CWE of what it fixes, and is not vulnerable.
    ...Array.from({ length: 9 }, () => ({ target: 0 as const, cwe: ['CWE-20'] })),
  ];

  test('are the most frequent of vulnerable functions, each with enough of them', () => {
    const ids = (most: number, leastExamples: number) =>
      chooseCweClasses(records, { most, leastExamples }).classes.map(
        ({ id, examples }) => `${id} ${examples}`,
      );
    expect(ids(10, 3)).toEqual(['CWE-79 8', 'CWE-22 3', 'CWE-89 3']);
    expect(ids(2, 3)).toEqual(['CWE-79 8', 'CWE-22 3']);
    expect(ids(10, 1)).toHaveLength(4);
  });

  test('fewer than two are refused with the counts', () => {
    expect(whyNoCweHead(chooseCweClasses(records, { most: 10, leastExamples: 3 }), 3)).toBeUndefined();
    expect(whyNoCweHead(chooseCweClasses(records, { most: 10, leastExamples: 4 }), 4)).toMatch(
      /fewer than two CWEs have 4 .*CWE-79: 8, CWE-22: 3, CWE-89: 3, CWE-20: 1/,
    );
    expect(whyNoCweHead(chooseCweClasses([], { most: 10, leastExamples: 4 }), 4)).toMatch(/none names a CWE/);
  });
});

describe('the figures of a head', () => {
  const classes = ['CWE-79', 'CWE-89', 'CWE-22', 'CWE-20'].map((id) => ({ id }));
  const guess = (...ids: string[]) => ids.map((id, i) => ({ id, probability: 0.5 / (i + 1) }));
  const records = [
    vulnerable('CWE-79'),
    vulnerable('CWE-79'),
    vulnerable('CWE-89'),
    vulnerable('CWE-89', 'CWE-22'),
    vulnerable('CWE-20'),
    vulnerable('CWE-416'),
    vulnerable(),
    { target: 0 as const, cwe: ['CWE-79'] },
  ];
  const guesses = [
    guess('CWE-79', 'CWE-89', 'CWE-22'),
    guess('CWE-89', 'CWE-79', 'CWE-22'),
    guess('CWE-89', 'CWE-79', 'CWE-22'),
    // Either of its CWEs is right.
    guess('CWE-22', 'CWE-79', 'CWE-20'),
    guess('CWE-79', 'CWE-89', 'CWE-22'),
    undefined,
    undefined,
    undefined,
  ];
  const evaluate = () =>
    evaluateCwe({ classes, records, guesses }, { clusters: clusterRecords(records), resamples: 200 });

  test('are of the vulnerable functions with one of its CWEs', async () => {
    const found = (await evaluate())!;
    expect(found).toMatchObject({ functions: 5, outside: 1, unnamed: 1, top1: 3 / 5, top3: 4 / 5 });
    // F1 of 79: 2 / (2 + 2), of 89: 2 / (1 + 2), of 22: 1, of 20: 0.
    expect(found.macroF1).toBeCloseTo((1 / 2 + 2 / 3 + 1 + 0) / 4, 12);
    expect(found.majority).toMatchObject({ id: 'CWE-79', top1: 2 / 5, top3: 4 / 5 });
    expect(found.byClass.map(({ id, functions }) => [id, functions])).toEqual([
      ['CWE-79', 2],
      ['CWE-89', 1],
      ['CWE-22', 1],
      ['CWE-20', 1],
    ]);
    expect(found.intervals.top1!.low).toBeLessThanOrEqual(0.6);
    expect(found.intervals.top1!.high).toBeGreaterThanOrEqual(0.6);
  });

  test('are nothing where no function has one of its CWEs', async () => {
    const one = [vulnerable('CWE-416')];
    const cases = { classes, records: one, guesses: [undefined] };
    expect(await evaluateCwe(cases, { clusters: clusterRecords(one) })).toBeUndefined();
  });

  const many = (right: number) => {
    const rows = Array.from({ length: 40 }, (_, i) => vulnerable(i % 2 === 0 ? 'CWE-79' : 'CWE-89'));
    const said = rows.map(({ cwe: [id] }, i) =>
      guess(i < right ? id! : id === 'CWE-79' ? 'CWE-89' : 'CWE-79'),
    );
    return evaluateCwe(
      { classes, records: rows, guesses: said },
      { clusters: clusterRecords(rows), resamples: 500 },
    );
  };

  test('a head is used where it is clearly better than the most frequent CWE, and says so', async () => {
    const [good, poor] = [await many(38), await many(22)];
    expect([beatsMajority(good), beatsMajority(poor), beatsMajority(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(describeCweHead({ classes, used: true, valid: measuredCwe(good) })).toMatch(
      /^CWE head: its first guess is right for 95% \(95%: .*; always CWE-79: 50%\) of the 40 vulnerable validation/,
    );
    expect(describeCweHead({ classes, used: false, valid: measuredCwe(poor) })).toMatch(
      /^The CWE head is not used: right for 55% .*nearest known vulnerability/,
    );
  });

  test('one cluster tells nothing: the head is not used', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => vulnerable(i % 2 === 0 ? 'CWE-79' : 'CWE-89'));
    const half = rows.map(({ cwe: [id] }, i) => guess(i < 20 ? 'CWE-79' : id!));
    const clusters = {
      by: 'commit' as const,
      count: 2,
      of: Uint32Array.from(rows, (_, i) => (i < 20 ? 0 : 1)),
    };
    expect(beatsMajority(await evaluateCwe({ classes, records: rows, guesses: half }, { clusters }))).toBe(
      false,
    );
  });
});

test('small classes of a table are one row, its shares weighted by functions', () => {
  const row = (id: string, functions: number, top1: number) => ({ id, functions, top1, top3: 1, f1: 0.5 });
  expect(foldClasses([row('CWE-79', 30, 0.5), row('CWE-89', 10, 1), row('CWE-22', 5, 0.4)])).toEqual([
    { label: 'CWE-79', id: 'CWE-79', functions: 30, top1: 0.5, top3: 1, f1: 0.5 },
    {
      label: '2 CWEs of fewer than 20 functions',
      id: undefined,
      functions: 15,
      top1: 0.8,
      top3: 1,
      f1: undefined,
    },
  ]);
  expect(foldClasses([row('CWE-79', 30, 0.5), row('CWE-89', 10, 1)]).map(({ label }) => label)).toEqual([
    'CWE-79',
    'CWE-89',
  ]);
});
