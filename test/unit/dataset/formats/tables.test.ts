/** @file Tables of unknown make, in every container, with the user's words for columns and labels. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { parseFieldMapping } from '../../../../src/dataset/formats/field-mapping.ts';
import { cweOf, splitOfPath, targetOf } from '../../../../src/dataset/formats/published/cells.ts';
import { csvRows } from '../../../../src/dataset/formats/rows/csv-rows.ts';
import { jsonRows } from '../../../../src/dataset/formats/rows/json-rows.ts';
import { readByteLines } from '../../../../src/dataset/read-lines.ts';
import { fileWith, folderWith, jsonLines, readBack } from '../../../support/dataset-file.ts';

const ROWS = [
  { body: 'int a() {\n  return "x,\u00fc";\n}', verdict: 'BAD', weakness: 'CWE-20, CWE-079', n: 1 },
  { body: '', verdict: 'ok', weakness: '', n: 2 },
  { body: 'int b() { return 1; }', verdict: 'ok', weakness: 'none', n: 3 },
];
const csvCell = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
const csvText = (delimiter: string) =>
  [Object.keys(ROWS[0]!), ...ROWS.map((row) => Object.values(row))]
    .map((cells) => cells.map(csvCell).join(delimiter))
    .join('\n');
const parquet = () =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: Object.keys(ROWS[0]!).map((name) => ({
        name,
        data: ROWS.map((row) => row[name as 'body']),
      })),
    }),
  );
const mapping = parseFieldMapping(['code=body', 'target=verdict', 'cwe=weakness', 'note=n'], {
  vulnerable: ['bad'],
  safe: ['OK'],
});

describe('one table in every container', () => {
  test.each<[string, () => string | Uint8Array]>([
    ['rows.jsonl', () => jsonLines(ROWS)],
    ['rows.json', () => JSON.stringify(ROWS, null, 2)],
    ['rows.csv', () => `\ufeff${csvText(',')}`],
    ['rows.tsv', () => csvText('\t')],
    ['semicolon.csv', () => csvText(';')],
    ['rows.parquet', parquet],
    ['rows.jsonl.gz', () => gzipSync(jsonLines(ROWS))],
    ['rows.csv.gz', () => gzipSync(csvText(','))],
  ])('%s', async (name, content) => {
    const { format, records, leftOut } = await readBack(fileWith(name, content()), { mapping });
    expect(format).toBe('table');
    expect(records.map(({ note, ...record }) => ({ ...record, note: Number(note) }))).toEqual([
      { code: ROWS[0]!.body, target: 1, cwe: ['CWE-20', 'CWE-79'], note: 1 },
      { code: ROWS[2]!.body, target: 0, note: 3 },
    ]);
    expect(leftOut).toEqual({ 'no code': 1 });
  });

  test('standard input is looked at like a file', async () => {
    async function* stdin() {
      for (const byte of Buffer.from(JSON.stringify(ROWS))) yield Buffer.from([byte]);
    }
    const { records } = await readBack('-', { mapping, stdin: stdin() });
    expect(records.map(({ target }) => target)).toEqual([1, 0]);
  });

  test('a property: any texts come back through JSON and CSV', async () => {
    const texts = fc.array(
      fc
        .string({ unit: 'binary' })
        .filter((text) => text.trim() !== '' && !/^(none|nan|null|n\/a)$/i.test(text.trim())),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(texts, async (codes) => {
        const folder = folderWith({
          'a.json': JSON.stringify(codes.map((code) => ({ code, target: 1 }))),
          'b.csv': `code,target\n${codes.map((code) => `${csvCell(code)},1`).join('\n')}\n`,
        });
        const json = await readBack(join(folder, 'a.json'), { format: 'table' });
        const csv = await readBack(join(folder, 'b.csv'), { format: 'table' });
        expect(json.records.map(({ code }) => code)).toEqual(codes);
        expect(csv.records.map(({ code }) => code)).toEqual(codes);
      }),
      { numRuns: 25, examples: [[['\0', 'int a;\0']]] },
    );
  });
});

describe('what is wrong is said with its place', () => {
  const wrong: readonly (readonly [string, string, string, string, object])[] = [
    ['an unknown table', 'a.csv', 'x,y\n1,2\n', 'DATASET_FORMAT_UNKNOWN', {}],
    ['a file of nothing known', 'a.bin', 'just words', 'DATASET_FORMAT_UNKNOWN', {}],
    [
      'broken JSON lines',
      'a.jsonl',
      '{"code": "a", "target": 1}\n{"code": \n',
      'DATASET_JSON_BROKEN',
      { line: 2 },
    ],
    ['broken JSON lines from the start', 'a.jsonl', '{"code": \n', 'DATASET_JSON_BROKEN', { line: 1 }],
    ['a cut-off array', 'a.json', '[{"code":"a","target":1},{"code":"b"', 'DATASET_JSON_BROKEN', { line: 2 }],
    ['an array of words', 'a.json', '["a"]', 'DATASET_FIELD_TYPE', { line: 1 }],
    [
      'a label of its own kind',
      'a.csv',
      'code,target\nint a;,0\nint b;,maybe\n',
      'DATASET_LABEL',
      { line: 3, name: 'target' },
    ],
    ['no records', 'a.jsonl', '\n\n', 'DATASET_EMPTY', {}],
    ['an empty file', 'a.jsonl', '', 'DATASET_EMPTY', {}],
    ['no UTF-8', 'a.jsonl', '', 'DATASET_ENCODING', { line: 1 }],
  ];
  test.each(wrong)('%s', async (what, name, text, code, where) => {
    const bytes = what === 'no UTF-8' ? Buffer.from('{"code": "\xff", "target": 1}\n', 'latin1') : text;
    const path = fileWith(name, bytes);
    const error: { code: string; where: object; hint?: string } = await readBack(path).then(
      () => expect.fail('was read'),
      (reason) => reason,
    );
    expect([error.code, error.where]).toEqual([code, { file: path, ...where }]);
    expect(error.hint).toBeTypeOf('string');
  });

  test('a mistyped format', async () => {
    await expect(readBack(fileWith('a.jsonl', '{}'), { format: 'primvul' })).rejects.toMatchObject({
      code: 'FORMAT_NAME_UNKNOWN',
      hint: expect.stringContaining('did you mean primevul'),
    });
  });

  test('a column of labels that is not there', async () => {
    const path = fileWith('a.csv', 'body,verdict\nint a;,1\n');
    await expect(
      readBack(path, { mapping: parseFieldMapping(['code=body', 'target=verdikt']) }),
    ).rejects.toMatchObject({
      code: 'DATASET_LABEL',
      message: expect.stringContaining('missing'),
      hint: expect.stringContaining('--field target=COLUMN'),
    });
  });

  test('a column that is not there', async () => {
    const path = fileWith('a.csv', 'body,verdict\nint a;,1\n');
    await expect(
      readBack(path, { mapping: parseFieldMapping(['code=text', 'target=verdict']) }),
    ).rejects.toMatchObject({
      code: 'DATASET_FIELD_MISSING',
      hint: expect.stringContaining('"body", "verdict"'),
    });
  });

  test('a mapping of a set whose columns are known', async () => {
    const path = fileWith('a.jsonl', jsonLines([{ func: 'int a;', target: 1 }]));
    await expect(readBack(path, { mapping, format: 'devign' })).rejects.toMatchObject({
      code: 'FIELD_MAPPING',
    });
  });

  test('a record without a label, where that is allowed and where it is not', async () => {
    const path = fileWith('a.jsonl', jsonLines([{ code: 'int a;' }]));
    expect((await readBack(path, { requireTarget: false })).records).toEqual([{ code: 'int a;' }]);
    await expect(readBack(path)).rejects.toMatchObject({ code: 'DATASET_FIELD_MISSING', where: { line: 1 } });
  });

  test.each(['code', '=x', 'code=', 'code= '])('--field %s', (text) => {
    expect(() => parseFieldMapping([text])).toThrow(expect.objectContaining({ code: 'FIELD_MAPPING' }));
  });
  test('a field twice', () => {
    expect(() => parseFieldMapping(['code=a', 'code=b'])).toThrow(
      expect.objectContaining({ code: 'FIELD_MAPPING' }),
    );
  });
});

describe('cells', () => {
  test.each([
    [1, 1],
    ['1', 1],
    ['1.0', 1],
    [true, 1],
    ['True', 1],
    ['vulnerable', 1],
    [0, 0],
    ['0.0', 0],
    ['FALSE', 0],
    ['not vulnerable', 0],
    ['nan', undefined],
    [2, undefined],
    [null, undefined],
    ['maybe', undefined],
  ])('the label %j', (value, target) => expect(targetOf(value)).toBe(target));

  test.each([
    ['CWE-79', ['CWE-79']],
    ['cwe-022', ['CWE-22']],
    [
      ['CWE-79', 'CWE-79', 'CWE-20'],
      ['CWE-79', 'CWE-20'],
    ],
    ["['CWE-79']", ['CWE-79']],
    ['NVD-CWE-noinfo', undefined],
    [null, undefined],
  ])('the weakness %j', (value, cwe) => expect(cweOf(value)).toEqual(cwe));

  test.each([
    ['VDISC_validate.hdf5', 'valid'],
    ['sven/val/cwe-022.jsonl', 'valid'],
    ['primevul_test_paired.jsonl', 'test'],
    ['data/train-00000-of-00002.parquet', 'train'],
    ['contest/latest.jsonl', undefined],
    ['restrained.jsonl', undefined],
  ])('the split of %s', (path, split) => expect(splitOfPath(path)).toBe(split));
});

describe('a row without an end is refused before it fills the memory', () => {
  const limit = 2 ** 20;
  async function* endless(start: string) {
    yield Buffer.from(start);
    for (;;) yield Buffer.alloc(2 ** 18, 'x');
  }
  test.each([
    [
      'JSON lines',
      'DATASET_LINE_TOO_LONG',
      () => readByteLines(endless('{"code": "'), 'f', { maxLineBytes: limit }),
    ],
    ['a JSON array', 'DATASET_LINE_TOO_LONG', () => jsonRows(endless('[{"code": "'), 'f', limit)],
    [
      'CSV with an open quote',
      'DATASET_CSV_BROKEN',
      () => csvRows(endless('code,target\n"'), 'f', ',', limit),
    ],
  ])('%s', async (_, code, rows) => {
    const read = async () => {
      for await (const row of rows()) expect.fail(`read ${JSON.stringify(row)}`);
    };
    await expect(read()).rejects.toMatchObject({ code, where: { file: 'f' } });
  });
});
