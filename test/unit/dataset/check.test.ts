/** @file The check for leaks: each class alone, what is not a leak, the published X_1, the command. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import { findLeaks } from '../../../src/dataset/check/find-leaks.ts';
import type { LeakKind, LeakReport } from '../../../src/dataset/check/leak-report.ts';
import { type PartRecord, readParts, splitNamed } from '../../../src/dataset/formats/read-parts.ts';
import type { DatasetRecord } from '../../../src/dataset/record.ts';
import { cliCase } from '../../support/cli-case.ts';
import { sharedFolder } from '../../support/shared.ts';

const BODY = `int parse(char *line, int size) {
  int total = 0; // running sum
  for (int i = 0; i < size; i++) { if (line[i] == ',') total += count(line, i, size); }
  while (total > 100) { total = shrink(total, size); log_value("total", total); }
  switch (mode_of(line)) { case FAST: return quick(line, size); case SLOW: return careful(line + 1, size - 1); }
  if (errno != 0 && retries < 3) { retries++; reset(line); return parse(line, size / 2); }
  struct item *head = list_head(line), *tail = NULL;
  for (; head != NULL; head = head->next) { tail = head; total -= head->weight * 2; }
  if (tail) free_items(tail, &total);
  return total == 0 ? fallback(line) : total;
}`;
const other = (name: string) => `void ${name}(void) { call_${name}(1); then_${name}(2); }`;

let row = 0;
const inPart = (part: string, record: Partial<DatasetRecord>): PartRecord => {
  row++;
  return { record: { code: other(`f${row}`), target: 0, ...record }, file: `${part}.jsonl`, line: row, part };
};

async function leaksOf(records: readonly PartRecord[]): Promise<Partial<Record<LeakKind, number>>> {
  const { leaks } = await findLeaks(records);
  return Object.fromEntries(leaks.flatMap(({ kind, groups }) => (groups === 0 ? [] : [[kind, groups]])));
}

describe('findLeaks', () => {
  const withComment = BODY.replace('// running sum', '/* of all */').replaceAll('\n', '\n\n');
  const nearly = BODY.replace('"total"', '"sum"');

  test.each<[string, Partial<DatasetRecord>, Partial<DatasetRecord>, Partial<Record<LeakKind, number>>]>([
    ['a pair', { pair: 'p' }, { pair: 'p', target: 1 }, { pair: 1 }],
    ['a commit', { commit: 'abcdef1234' }, { commit: 'ABCDEF1234', project: 'a fork' }, { commit: 1 }],
    ['a CVE', { cve: 'CVE-2020-1' }, { cve: 'CVE-2019-7, cve-2020-1' }, { cve: 1 }],
    ['a body but for comments', { code: BODY }, { code: withComment }, { 'exact-duplicate': 1 }],
    ['a near duplicate', { code: BODY }, { code: nearly }, { 'near-duplicate': 1 }],
    [
      'a body with both labels',
      { code: BODY },
      { code: withComment, target: 1 },
      { 'exact-duplicate': 1, 'label-conflict': 1 },
    ],
    [
      'versions that mean another thing elsewhere',
      { commit: '1.0...1.1', project: 'a' },
      { commit: '1.0...1.1', project: 'b' },
      {},
    ],
    ['no CVE', { cve: 'None' }, { cve: 'None' }, {}],
    ['nothing', {}, {}, {}],
  ])('across parts: %s', async (_what, a, b, expected) => {
    expect(await leaksOf([inPart('train', a), inPart('test', b)])).toEqual(expected);
  });

  test('within a part only the labels matter', async () => {
    const records = [
      inPart('train', { code: BODY, pair: 'p', commit: 'abcdef1', cve: 'CVE-2020-1' }),
      inPart('train', { code: withComment, pair: 'p', commit: 'abcdef1', cve: 'CVE-2020-1', target: 1 }),
      inPart('test', { code: other('alone') }),
    ];
    expect(await leaksOf(records)).toEqual({ 'label-conflict': 1 });
  });

  test('a near duplicate is found through a third one in between', async () => {
    const further = nearly.replace('fallback(line)', 'otherwise(line)');
    const records = [BODY, nearly, further].map((code, i) => inPart(i === 2 ? 'test' : 'train', { code }));
    const { leaks } = await findLeaks(records);
    expect(leaks.find(({ kind }) => kind === 'near-duplicate')).toMatchObject({ groups: 1, functions: 3 });
  });

  test('examples show one place of each part first, counts tell all', async () => {
    const records = ['train', 'train', 'train', 'valid', 'test'].map((part) =>
      inPart(part, { commit: 'abcdef1234' }),
    );
    const commit = (await findLeaks(records)).leaks.find(({ kind }) => kind === 'commit')!;
    expect(commit).toMatchObject({
      checked: 5,
      groups: 1,
      functions: 5,
      byParts: { 'train, valid, test': 1 },
    });
    expect(commit.examples[0]!.key).toBe('abcdef1234');
    expect(commit.examples[0]!.places.slice(0, 3).map(({ part }) => part)).toEqual([
      'train',
      'valid',
      'test',
    ]);
  });

  test('kinds that were not asked for are not looked for', async () => {
    const records = [inPart('train', { pair: 'p' }), inPart('test', { pair: 'p', target: 1 })];
    const report = await findLeaks(records, { kinds: ['commit', 'near-duplicate'] });
    expect(report.ok).toBe(true);
    expect(report.leaks.map(({ kind }) => kind)).toEqual(['near-duplicate', 'commit']);
  });
});

test.each([
  ['val', 'valid'],
  ['Validation', 'valid'],
  ['dev', 'valid'],
  ['training', 'train'],
  ['test', 'test'],
  ['testimony', undefined],
  [3, undefined],
])('the split named %j is %j', (text, expected) => {
  expect(splitNamed(text)).toBe(expected);
});

describe('data check', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vultune-check-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const lines = (records: readonly Partial<DatasetRecord>[]) =>
    records
      .map((record) => `${JSON.stringify({ code: other(`g${row++}`), target: 0, ...record })}\n`)
      .join('');
  const dataset = (name: string, files: Readonly<Record<string, readonly Partial<DatasetRecord>[]>>) => {
    mkdirSync(join(folder, name));
    for (const [file, records] of Object.entries(files))
      writeFileSync(join(folder, name, file), lines(records));
    return join(folder, name);
  };
  const run = (...argv: string[]) => cliCase([dataCommand({} as never)], ['data', 'check', ...argv]);

  test('a clean dataset ends with 0, a leak with 1 and its places', async () => {
    const clean = dataset('clean', {
      'train.jsonl': [{ target: 1, pair: 'a' }, { pair: 'a' }],
      'test.jsonl': [{ target: 1, pair: 'b' }, { pair: 'b' }],
    });
    const good = await run(clean);
    expect(good.stdout).toContain('ok    no pair is split across parts');
    expect(good.stdout).toContain('-     not checked: no function names a CVE');
    expect(good.exitCode).toBe(0);

    const leaky = dataset('leaky', {
      'train.jsonl': [{ target: 1, pair: 'a' }, {}],
      'test.jsonl': [{ target: 1 }, { pair: 'a' }],
    });
    const bad = await run(leaky);
    expect(bad.exitCode).toBe(1);
    expect(bad.stdout).toContain('FAIL  1 pairs split across parts');
    expect(bad.stdout).toContain('train.jsonl:1 (1)');
    expect(bad.stdout).toContain('test.jsonl:2 (0)');
    expect((await run(leaky, '--ignore', 'pair')).exitCode).toBe(0);
    const report = JSON.parse((await run(leaky, '--json')).stdout) as LeakReport;
    expect(report).toMatchObject({ ok: false, functions: 4 });
  });

  test('names out of a file do not move the cursor', async () => {
    const hostile = { commit: 'v1\u001b[2J', project: '\u001b]0;x\u0007' };
    const odd = dataset('odd', {
      'train.jsonl': [{ target: 1, ...hostile }, {}],
      'test.jsonl': [{ target: 1 }, hostile],
    });
    const text = `${(await run(odd)).stdout}${(await cliCase([dataCommand({} as never)], ['data', 'stats', odd])).stdout}`;
    expect(text).toContain('v1 [2J');
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test('parts of one file by its field "split"; one part alone is said to prove nothing', async () => {
    const one = dataset('one', {
      'all.jsonl': [
        { split: 'train', commit: 'abcdef1234', target: 1 },
        { split: 'test', commit: 'abcdef1234' },
      ],
      'none.jsonl': [{ target: 1 }, {}],
    });
    expect((await run(join(one, 'all.jsonl'))).stdout).toContain('FAIL  1 commits');
    const alone = await run(join(one, 'none.jsonl'));
    expect(alone.exitCode).toBe(0);
    expect(alone.stdout).toContain('only one part was given');
    expect(alone.stdout).not.toContain('ok    no near duplicate');
  });

  test('bad input: a missing file, a broken line, a wrong threshold', async () => {
    const broken = join(folder, 'broken.jsonl');
    writeFileSync(broken, `${lines([{}])}{"code": \n`);
    expect(await run(join(folder, 'nowhere.jsonl'))).toMatchObject({ exitCode: 2 });
    const result = await run(broken);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('broken.jsonl:2');
    expect((await run(broken, '--near-duplicates', '0.2')).stderr).toContain(
      'expected a number from 0.7 to 1',
    );
  });
});

const shared = sharedFolder();
describe.skipIf(shared === undefined)('X_1 as published', () => {
  test('no shared commits; the two exact duplicates that cross and the label conflicts within train', async () => {
    const files = ['train', 'valid'].map((part) => join(shared!, 'data', 'x1', `${part}.jsonl`));
    const report = await findLeaks(readParts(files), { examples: 20 });
    const leak = (kind: LeakKind) => report.leaks.find((found) => found.kind === kind)!;
    expect(report.parts.map(({ name, functions }) => [name, functions])).toEqual([
      ['train', 810],
      ['valid', 272],
    ]);
    expect(leak('commit')).toMatchObject({ checked: 1082, groups: 0 });
    expect(leak('pair').groups).toBe(0);
    expect(leak('exact-duplicate').byParts).toEqual({ 'train, valid': 2 });
    expect(leak('label-conflict').byParts).toEqual({ train: 2, 'train, valid': 1, valid: 2 });
    const names = leak('exact-duplicate').examples.map(({ places }) => places.map(({ line }) => line));
    expect(names).toEqual([
      [658, 49],
      [774, 260],
    ]);
  });
});

test('a test part without a vulnerable function is an error of the check', async () => {
  const parts = [
    { part: 'train', record: { code: 'int f() { return read(1); }', target: 1 as const } },
    { part: 'train', record: { code: 'int g() { return write(2); }', target: 0 as const } },
    { part: 'test', record: { code: 'void h(char *p) { free(p); }', target: 0 as const } },
  ].map((one, line) => ({ ...one, file: 'x.jsonl', line: line + 1 }));
  const report = await findLeaks(parts);
  expect(report.leaks.every(({ groups }) => groups === 0)).toBe(true);
  expect(report).toMatchObject({
    ok: false,
    unusable: [expect.stringContaining('none of them is vulnerable')],
  });
  expect((await findLeaks(parts.slice(0, 2))).ok).toBe(true);
});
