/** @file One opener for what is trained on, evaluated and predicted: formats, columns that are guessed or given, labels as words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDataset, readLabelledDataset } from '../../../../src/dataset/formats/read-dataset.ts';
import { readLabelledRecords } from '../../../../src/dataset/read-jsonl.ts';
import { readingNotes } from '../../../../src/workflows/reading-notes.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-read-dataset-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const rows = [
  { func: 'int f() {\n  return 1;\n}', vul: 1 },
  { func: 'int g() { return "a,b"; }', vul: 0 },
];
const cell = (text: string | number) => `"${String(text).replaceAll('"', '""')}"`;
const table = (delimiter: string) =>
  ['func,vul', ...rows.map(({ func, vul }) => [cell(func), vul].join(','))]
    .join('\n')
    .replaceAll(/,(?=vul|[01]$)/gm, delimiter);

describe('the same functions, however they are stored', () => {
  test.each([
    ['CSV', 'a.csv', table(',')],
    ['TSV', 'a.tsv', table('\t')],
    ['a JSON array', 'a.json', JSON.stringify(rows)],
    ['JSON lines with other names', 'a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')],
  ])('%s', async (_what, name, content) => {
    const read = await readLabelledDataset(file(name, content));
    expect(read.records.map(({ code, target }) => ({ func: code, vul: target }))).toEqual(rows);
    expect(read.columns).toEqual({ code: 'func', target: 'vul' });
    expect(readingNotes(read)[0]).toBe('code is column "func", target is column "vul"');
  });

  test('records of our own are read as they always were, and nothing is said', async () => {
    const lines = [
      '{"code":"f()","target":1,"status":"VULNERABLE","commit":"c","function_name":"f","note":[1]}',
      '{"code":"f(x)","target":0,"status":"FIXED","commit":"c","function_name":"f","id":7}',
    ];
    const path = file('own.jsonl', `${lines.join('\n')}\n`);
    const read = await readLabelledDataset(path);
    expect(read.records).toEqual(await readLabelledRecords(path));
    expect(read.records.map(({ pair }) => pair)).toEqual(['c:f', 'c:f']);
    expect(readingNotes(read)).toEqual([]);
  });
});

describe('columns', () => {
  const content = 'body,verdict,label\nf(),yes,0\ng(),no,1\n';

  test('that are given win over those that could be guessed', async () => {
    const fields = { code: 'body', target: 'verdict' };
    const { records } = await readLabelledDataset(file('given.csv', content), { fields });
    expect(records.map(({ target }) => target)).toEqual([1, 0]);
  });

  test('of a run are taken where the table has them, before anything is guessed', async () => {
    const usual = { code: 'body', target: 'verdict' };
    const path = file('usual.csv', content);
    expect((await readLabelledDataset(path, { usual })).columns).toEqual(usual);
    expect((await readLabelledDataset(path, { usual: { code: 'absent' } })).columns).toEqual({
      code: 'body',
      target: 'label',
    });
  });

  test('without a label are enough where none is asked for', async () => {
    const path = file('bare.jsonl', '{"function":"f()","class":"com.example.Main"}\n');
    const { records } = await readDataset(path, { requireTarget: false });
    expect(records).toEqual([{ code: 'f()' }]);
  });

  test('that nobody knows are listed, with what to write', async () => {
    const path = file('unknown.csv', 'alpha,beta\n1,2\n');
    await expect(readLabelledDataset(path)).rejects.toMatchObject({
      code: 'DATASET_FORMAT_UNKNOWN',
      message: expect.stringContaining('"alpha", "beta"'),
      hint: expect.stringContaining('--fields code=COLUMN,target=COLUMN'),
    });
    await expect(readLabelledDataset(path, { fields: { code: 'gamma' } })).rejects.toMatchObject({
      code: 'DATASET_FIELD_MISSING',
      message: expect.stringContaining('gamma'),
    });
  });
});

describe('labels', () => {
  test.each([
    ['true', 'false'],
    ['yes', 'no'],
    ['vulnerable', 'safe'],
    ['Vulnerable', 'not vulnerable'],
  ])('%s and %s are mapped and said', async (positive, negative) => {
    const path = file('words.csv', `code,target\nf(),${positive}\ng(),${negative}\n`);
    const read = await readLabelledDataset(path);
    expect(read.records.map(({ target }) => target)).toEqual([1, 0]);
    expect(readingNotes(read)).toContain(`labels: "${positive}" vulnerable, "${negative}" not vulnerable`);
  });

  test('of our own records may be words too', async () => {
    const path = file('words.jsonl', '{"code":"f()","target":true}\n{"code":"g()","target":"safe"}\n');
    const read = await readLabelledDataset(path);
    expect(read.records.map(({ target }) => target)).toEqual([1, 0]);
    expect([...read.labels]).toEqual([
      ['true', 1],
      ['safe', 0],
    ]);
  });

  test.each([
    ['words.jsonl', '{"code":"f()","target":1}\n\n{"code":"g()","target":"maybe"}\n', 3],
    ['words.csv', 'code,target\nf(),1\ng(),maybe\nh(),perhaps\n', 3],
  ])('that mean nothing are refused with the line and all values: %s', async (name, content, line) => {
    const path = file(name, content);
    await expect(readLabelledDataset(path)).rejects.toMatchObject({
      code: 'DATASET_LABEL',
      where: { file: path, line },
      message: expect.stringMatching(/the column holds "?1"? \(1\), "maybe" \(1\)/),
    });
  });
});
