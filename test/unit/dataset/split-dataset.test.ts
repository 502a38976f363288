/** @file Splitting and merging datasets: nothing crosses, nothing is lost uncounted, same input same bytes, no half files. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import { findLeaks } from '../../../src/dataset/check/find-leaks.ts';
import { readParts } from '../../../src/dataset/formats/read-parts.ts';
import { SPLITS } from '../../../src/dataset/parts.ts';
import type { DatasetRecord } from '../../../src/dataset/record.ts';
import { type PlanItem, planSplits } from '../../../src/dataset/splits/plan-splits.ts';
import { cliCase } from '../../support/cli-case.ts';
import { sharedFolder } from '../../support/shared.ts';

const options = {
  by: 'commit',
  fractions: { train: 0.6, valid: 0.2, test: 0.2 },
  seed: 3,
  deduplicate: false,
} as const;

describe('planSplits', () => {
  const anyItem = fc.record({
    keys: fc.uniqueArray(
      fc.integer({ min: 0, max: 30 }).map((n) => `k${n}`),
      { maxLength: 2 },
    ),
    target: fc.constantFrom<0 | 1>(0, 1),
    isTying: fc.boolean(),
    near: fc.integer({ min: 0, max: 20 }),
    exact: fc.integer({ min: 0, max: 2 }),
  });
  const firsts = (ids: readonly string[]) => Int32Array.from(ids, (id) => ids.indexOf(id));

  test('of what is kept no near-duplicate group is on two sides; every item is kept or counted', () => {
    fc.assert(
      fc.property(fc.array(anyItem, { minLength: 1, maxLength: 60 }), fc.boolean(), (drawn, deduplicate) => {
        const near = firsts(drawn.map((item) => `${item.near}`));
        const exact = firsts(drawn.map((item) => `${item.near} ${item.exact}`));
        const { sides, dropped } = planSplits(drawn, exact, near, { ...options, deduplicate });
        for (let a = 0; a < drawn.length; a++) {
          for (let b = 0; b < a; b++) {
            if (sides[a] === undefined || sides[b] === undefined) continue;
            if (near[a] === near[b]) expect(sides[a]).toBe(sides[b]);
            if (deduplicate) expect(exact[a]).not.toBe(exact[b]);
          }
        }
        const out = sides.filter((side) => side === undefined).length;
        expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(out);
        for (const [at, { isTying }] of drawn.entries()) {
          if (!deduplicate && isTying) expect(sides[at]).toBeDefined();
        }
      }),
    );
  });

  test('of equal bodies the one in the test part stays, of both labels none', () => {
    const item = (target: 0 | 1, predefined: PlanItem['predefined'] & string): PlanItem => ({
      keys: [],
      target,
      isTying: true,
      predefined,
    });
    const items = [item(1, 'train'), item(1, 'test'), item(1, 'valid'), item(0, 'train'), item(1, 'train')];
    const groups = Int32Array.of(0, 0, 0, 3, 3);
    const plan = planSplits(items, groups, groups, { ...options, by: 'predefined', deduplicate: true });
    expect(plan.sides).toEqual([undefined, 'test', undefined, undefined, undefined]);
    expect(plan.dropped).toEqual({ 'the same body again': 2, 'the same body with both labels': 2 });
  });
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-split-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let number = 0;
function writeLines(name: string, records: readonly Partial<DatasetRecord>[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  const text = records.map((record) => {
    number++;
    return `${JSON.stringify({ code: `int f${number}(int a) { return g${number}(a, ${number}); }`, target: 0, ...record })}\n`;
  });
  writeFileSync(path, text.join(''));
  return path;
}
const readLines = (...parts: readonly string[]) =>
  readFileSync(join(folder, ...parts), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DatasetRecord);
const run = (...argv: string[]) => cliCase([dataCommand({} as never)], ['data', ...argv]);
const some = (count: number, prefix = '') =>
  Array.from(
    { length: count },
    (_, i): Partial<DatasetRecord> => ({
      id: `${prefix}${i}`,
      target: i % 2 === 0 ? 1 : 0,
      commit: `${(i >> 1).toString(16).padStart(8, 'a')}`,
      pair: `${i >> 1}`,
      project: `p${i % 7}`,
      date: `20${10 + (i % 10)}-01-01`,
    }),
  );

describe('data split', () => {
  test.each(['commit', 'project', 'time'])(
    'by %s: every function is in one part, and nothing leaks',
    async (by) => {
      const input = writeLines(`${by}.jsonl`, some(140));
      const result = await run('split', input, '--by', by, '--out', join(folder, `by-${by}`));
      expect(result.exitCode).toBe(0);
      const parts = SPLITS.map((split) => readLines(`by-${by}`, `${split}.jsonl`));
      const ids = parts.flat().map(({ id }) => id);
      expect(ids).toHaveLength(140);
      expect(new Set(ids)).toEqual(new Set(some(140).map(({ id }) => id)));
      const report = await findLeaks(readParts([join(folder, `by-${by}`)]));
      expect(report.ok).toBe(true);
      expect((await run('check', join(folder, `by-${by}`))).exitCode).toBe(0);
    },
  );

  test('the same input gives the same bytes, another seed others; fractions are as told', async () => {
    const input = writeLines('again.jsonl', some(200));
    const bytes = async (out: string, ...more: string[]) => {
      await run(
        'split',
        input,
        '--fractions',
        '0.5,0.25,0.25',
        '--out',
        join(folder, out),
        '--no-report',
        ...more,
      );
      return readdirSync(join(folder, out)).map((name) => readFileSync(join(folder, out, name), 'utf8'));
    };
    const first = await bytes('seed-a');
    expect(await bytes('seed-b')).toEqual(first);
    expect(await bytes('seed-a')).toEqual(first);
    expect(await bytes('seed-c', '--seed', '9')).not.toEqual(first);
    expect(readLines('seed-a', 'test.jsonl')).toHaveLength(50);
    expect(existsSync(join(folder, 'seed-a', 'README.md'))).toBe(true);
  });

  test('a field "split" is followed, and no longer said; --json prints dataset.json', async () => {
    const input = writeLines('told.jsonl', [
      { target: 1, split: 'validation' },
      { target: 0, split: 'dev' },
      { target: 1, split: 'test' },
      { target: 0, split: 'test' },
    ]);
    const result = await run('split', input, '--out', join(folder, 'told'), '--json');
    expect(JSON.parse(result.stdout)).toEqual(
      JSON.parse(readFileSync(join(folder, 'told/dataset.json'), 'utf8')),
    );
    expect(JSON.parse(result.stdout)).toMatchObject({ options: { split: 'predefined' } });
    expect(readLines('told', 'valid.jsonl')).toHaveLength(2);
    expect(readLines('told', 'test.jsonl').some((record) => 'split' in record)).toBe(false);
  });

  test.each<[string, readonly Partial<DatasetRecord>[], readonly string[], string]>([
    ['an empty file', [], [], 'empty-file'],
    ['one class', [{}, {}], [], 'expected some of both'],
    ['no dates', [{ target: 1 }, {}], ['--by', 'time'], 'no function has the field "date"'],
    ['shares', [{ target: 1 }, {}], ['--fractions', '0.5,0.2,0.2'], 'three numbers that add up to 1'],
  ])('refused, and nothing written: %s', async (what, records, more, message) => {
    const name = what.replaceAll(' ', '-');
    const input = writeLines(`${name}-file.jsonl`, records);
    const out = join(folder, `out-${name}`);
    const result = await run('split', input, '--out', out, ...more);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain(message === 'empty-file' ? 'an-empty-file-file.jsonl' : message);
    expect(existsSync(out)).toBe(false);
  });

  test.each(['2020/05/06', 'Sat Sep 4 2021 10:00:00 +0200', '1630749600', '2021-13-45', '2018'])(
    'by time, the date "%s" is refused with its line; by commit nobody needs it',
    async (date) => {
      const input = writeLines('odd-date.jsonl', [...some(20), { target: 1, date }]);
      const out = join(folder, 'odd-date');
      const refused = await run('split', input, '--by', 'time', '--out', out);
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain('DATASET_DATE');
      expect(refused.stderr).toContain('odd-date.jsonl:21');
      expect(existsSync(out)).toBe(false);
      expect((await run('split', input, '--by', 'commit', '--out', `${out}-commit`)).exitCode).toBe(0);
    },
  );

  test('by time, zones count and undated functions are counted where the user looks', async () => {
    const late = '2021-12-31T23:30:00-11:00'; // 2022-01-01 in UTC
    const input = writeLines('zones.jsonl', [
      ...some(20).map((record) => ({
        ...record,
        commit: `${record.id}`,
        pair: `${record.id}`,
        date: '2021-12-31',
      })),
      ...[0, 1].map((target) => ({ target: target as 0 | 1, date: late, id: `late ${target}` })),
      { target: 0, date: '' },
      { target: 1 },
    ]);
    const out = join(folder, 'zones');
    const result = await run('split', input, '--by', 'time', '--fractions', '0.9,0,0.1', '--out', out);
    expect(result.exitCode).toBe(0);
    expect(readLines('zones', 'test.jsonl').map(({ id }) => id)).toEqual(['late 0', 'late 1']);
    expect(result.stdout).toContain('2 functions have no date and are in train');
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('2 functions have no date');
    expect(JSON.parse(readFileSync(join(out, 'dataset.json'), 'utf8'))).toMatchObject({ undated: 2 });
  });

  test('a part with one class or without functions is named by split and by check', async () => {
    const records = (split: string, ...targets: readonly (0 | 1)[]) =>
      targets.map((target) => ({ target, split }));
    const input = writeLines('poor.jsonl', [
      ...records('train', 0, 1),
      ...records('valid', 1),
      ...records('test', 0),
    ]);
    const result = await run('split', input, '--out', join(folder, 'poor'));
    expect(result.stdout).toContain('valid has only vulnerable functions');
    expect(result.stdout).toContain('test has no vulnerable function');
    const checked = await run('check', join(folder, 'poor'));
    expect(checked.stdout).toContain('test has no vulnerable function');
    expect(checked.stdout).not.toMatch(/train has (?:no|only)/);
  });

  test('a broken line late in the file: the earlier dataset stays as it was', async () => {
    const input = writeLines('late.jsonl', some(20));
    const out = join(folder, 'late');
    await run('split', input, '--out', out);
    const before = readFileSync(join(out, 'train.jsonl'), 'utf8');
    writeFileSync(input, '{"code": "x()", "target": 7}\n', { flag: 'a' });
    const result = await run('split', input, '--out', out);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('late.jsonl:21');
    expect(readFileSync(join(out, 'train.jsonl'), 'utf8')).toBe(before);
    expect(readdirSync(out).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('interrupted: ends with 130 and leaves nothing', async () => {
    const input = writeLines('stopped.jsonl', some(20));
    const stopped = new AbortController();
    stopped.abort();
    for (const what of ['split', 'sample']) {
      const out = join(folder, `stopped-${what}`);
      const argv = ['data', what, input, '--out', out];
      const result = await cliCase([dataCommand({} as never)], argv, { signal: stopped.signal });
      expect(result.exitCode).toBe(130);
      expect(existsSync(out)).toBe(false);
    }
  });

  test('rows that the reader leaves out are told and written down', async () => {
    // Devign's fields, two rows without code.
    const rows = Array.from({ length: 12 }, (_, i) => ({
      project: 'p',
      commit_id: `${i}`.repeat(40),
      target: i % 2,
      func: i < 2 ? '' : `int h${i}(void) { return k${i}(); }`,
    }));
    const input = join(folder, 'devign.json');
    writeFileSync(input, JSON.stringify(rows));
    const result = await run('split', input, '--out', join(folder, 'devign'), '--json');
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('left out, or noted: no code (2)');
    expect(JSON.parse(result.stdout)).toMatchObject({
      leftOut: { 'no code': 2 },
      inputs: [{ functions: 10 }],
    });
  });

  test('a folder of something else is not touched', async () => {
    const input = writeLines('fine.jsonl', some(20));
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'thesis.txt'), 'years of work');
    const result = await run('split', input, '--out', other);
    expect(result.exitCode).toBe(2);
    expect(readdirSync(other)).toEqual(['thesis.txt']);
  });

  test('its own input is not written over; of an older dataset in the folder no page stays', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const input = writeLines('own.jsonl', some(20));
    for (const out of [first, second]) await run('split', input, '--split', 'commit', '--out', out);
    const before = readFileSync(join(first, 'dataset.json'), 'utf8');
    for (const own of [first, join(first, 'train.jsonl')]) {
      const result = await run('split', own, '--out', `${first}/`);
      expect([result.exitCode, result.stderr]).toEqual([2, expect.stringContaining('OUTPUT_EXISTS')]);
    }
    expect(readFileSync(join(first, 'dataset.json'), 'utf8')).toBe(before);
    writeFileSync(join(second, 'report.html'), 'of the older one');
    expect((await run('split', first, '--out', second, '--no-report')).exitCode).toBe(0);
    expect(readdirSync(second)).not.toContain('report.html');
  });
});

describe('data merge', () => {
  test('duplicates once, conflicts never, ids and pairs of two datasets told apart', async () => {
    const same = 'int twice(int a) { return a * 2; }';
    const a = writeLines('a.jsonl', [
      ...some(20),
      { id: 'x', code: same, target: 1 },
      { code: 'int c() { return 9; }', target: 1 },
    ]);
    const b = writeLines('b.jsonl', [
      ...some(20).map((record) => ({ ...record, commit: `bb${record.commit}` })),
      { id: 'y', code: `${same} // again`, target: 1 },
      { code: 'int c()\n{ return 9; }', target: 0 },
    ]);
    const result = await run('merge', a, b, '--out', join(folder, 'merged'), '--json');
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({
      builder: { name: 'merge' },
      dropped: { 'the same body again': 1, 'the same body with both labels': 2 },
    });
    const records = SPLITS.flatMap((split) => readLines('merged', `${split}.jsonl`));
    expect(records).toHaveLength(41);
    const ids = records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(41);
    expect(ids).toContain('x');
    const pairs = records.flatMap(({ pair }) => pair ?? []);
    expect(new Set(pairs).size).toBe(20);
    expect(pairs).toHaveLength(40);
  });

  test('parts stay; what is in two of them is in the test part only', async () => {
    const body = 'void shared_one(char *p) { free(p); free(p); }';
    writeLines('parts-a/train.jsonl', [{ code: body, target: 1 }, { target: 1 }, {}]);
    writeLines('parts-a/test.jsonl', [{ target: 1 }, {}]);
    writeLines('parts-b/test.jsonl', [{ code: `${body}\n`, target: 1 }, {}]);
    const out = join(folder, 'parts-out');
    const result = await run('merge', join(folder, 'parts-a'), join(folder, 'parts-b'), '--out', out);
    expect(result.exitCode).toBe(0);
    expect(readLines('parts-out', 'train.jsonl')).toHaveLength(2);
    expect(readLines('parts-out', 'test.jsonl')).toHaveLength(4);
    expect(result.stdout).toContain('left out: 1, the same body again');
  });
});

const shared = sharedFolder();
test.skipIf(shared === undefined)('X_1 split anew leaks nothing but its own wrong labels', async () => {
  const out = join(folder, 'x1');
  const x1 = join(shared!, 'data', 'x1');
  expect((await run('split', x1, '--by', 'commit', '--deduplicate', '--out', out)).exitCode).toBe(0);
  expect(await findLeaks(readParts([out]))).toMatchObject({ ok: true });
});
