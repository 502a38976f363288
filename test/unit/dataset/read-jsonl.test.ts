/** @file Reading and writing datasets: every way a file can be wrong, and that what is right survives. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint } from '../../../src/dataset/fingerprint.ts';
import { pairRecords } from '../../../src/dataset/pair-records.ts';
import {
  readLabelledRecords,
  readRecords,
  requireBothClasses,
  streamRecords,
} from '../../../src/dataset/read-jsonl.ts';
import type { DatasetRecord } from '../../../src/dataset/record.ts';
import { formatRecord, writeRecords } from '../../../src/dataset/write-jsonl.ts';
import { sharedFolder } from '../../support/shared.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-dataset-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.jsonl`);
  writeFileSync(path, content);
  return path;
}

const GOOD = '{"code":"f()","target":1}';

describe('what is refused', () => {
  const cases: [string, string | Uint8Array, string, number | undefined][] = [
    ['broken JSON', `${GOOD}\n\n{"code":`, 'DATASET_JSON_BROKEN', 3],
    ['a JSON array', `[${GOOD}]`, 'DATASET_FIELD_TYPE', 1],
    ['no code', `${GOOD}\r\n{"target":1}`, 'DATASET_FIELD_MISSING', 2],
    ['no target', '{"code":"f()"}', 'DATASET_FIELD_MISSING', 1],
    ['two targets', '{"code":"f()","target":1,"target" : 0}', 'DATASET_FIELD_TWICE', 1],
    ['two codes', '{"code":"f()","target":1,"x":"code","code":"g()"}', 'DATASET_FIELD_TWICE', 1],
    ['a target that is null', '{"code":"f()","target":null}', 'DATASET_FIELD_MISSING', 1],
    ['code that is a number', '{"code":7,"target":1}', 'DATASET_FIELD_TYPE', 1],
    ['code that is empty', '{"code":" ","target":1}', 'DATASET_FIELD_TYPE', 1],
    ['a label of 2', '{"code":"f()","target":2}', 'DATASET_LABEL', 1],
    ['a label in quotes', '{"code":"f()","target":"1"}', 'DATASET_LABEL', 1],
    ['a label of true', '{"code":"f()","target":true}', 'DATASET_LABEL', 1],
    ['an unknown set', '{"code":"f()","target":1,"set":"P4"}', 'DATASET_FIELD_TYPE', 1],
    ['a cwe of numbers', '{"code":"f()","target":1,"cwe":[79]}', 'DATASET_FIELD_TYPE', 1],
    ['a path that is a list', '{"code":"f()","target":1,"path":[]}', 'DATASET_FIELD_TYPE', 1],
    [
      'invalid UTF-8',
      Buffer.from([...Buffer.from(`${GOOD}\n{"code":"`), 0xe9, 0x22, 0x7d]),
      'DATASET_ENCODING',
      2,
    ],
    ['UTF-16', Buffer.from(`\ufeff${GOOD}\n`, 'utf16le'), 'DATASET_ENCODING', 1],
    ['nothing', '', 'DATASET_EMPTY', undefined],
    ['blank lines only', '\ufeff\n \r\n', 'DATASET_EMPTY', undefined],
  ];
  test.each(cases)('%s', async (_name, content, code, line) => {
    const path = file(content);
    await expect(readLabelledRecords(path)).rejects.toMatchObject({
      code,
      where: line === undefined ? { file: path } : { file: path, line },
      exitCode: 2,
    });
  });

  test('a missing file', async () => {
    const path = join(folder, 'absent.jsonl');
    await expect(readRecords(path)).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
      where: { file: path },
    });
  });

  test('a line longer than the limit', async () => {
    const path = file(`${GOOD}\n{"code":"${'x'.repeat(200_000)}","target":1}`);
    const options = { maxLineBytes: 100_000 };
    await expect(readRecords(path, options)).rejects.toMatchObject({ code: 'DATASET_LINE_TOO_LONG' });
  });

  test('one class only', () => {
    const record: DatasetRecord = { code: 'f()', target: 1 };
    expect(() => requireBothClasses([record], 'x.jsonl')).toThrow(
      expect.objectContaining({ code: 'DATASET_ONE_CLASS' }),
    );
    expect(() => requireBothClasses([record, { code: 'g()', target: 0 }], 'x.jsonl')).not.toThrow();
  });
});

describe('what is read', () => {
  test('a byte order mark, CRLF, blank lines, a last line without end, a number as id', async () => {
    const path = file(
      `\ufeff${GOOD}\r\n\r\n{"code":"g\u00e9\ud83d\ude00()","target":0,"id":7,"cwe":"CWE-79, CWE-80"}`,
    );
    const found: [string, number][] = [];
    for await (const { record, line } of streamRecords(path)) found.push([record.code, line]);
    expect(found).toEqual([
      ['f()', 1],
      ['g\u00e9\ud83d\ude00()', 3],
    ]);
    expect((await readRecords(path))[1]).toMatchObject({ id: '7', cwe: ['CWE-79', 'CWE-80'] });
  });

  test('a line of several megabytes, from standard input, in chunks that cut characters', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ code: '\u00e9'.repeat(2_000_000) })}\n`);
    const chunks = (function* () {
      for (let at = 0; at < bytes.length; at += 65_537) yield bytes.subarray(at, at + 65_537);
    })();
    const stdin = (async function* () {
      yield* chunks;
    })();
    const [record] = await readRecords('-', { stdin, requireTarget: false });
    expect(record?.code).toBe('\u00e9'.repeat(2_000_000));
    expect(record?.target).toBeUndefined();
  });

  test('property: records written and read again are the same, unknown fields included', async () => {
    const record = fc.record(
      {
        code: fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `f${text}`),
        target: fc.constantFrom(0 as const, 1 as const),
        cwe: fc.array(fc.constantFrom('CWE-79', 'CWE-22')),
        set: fc.constantFrom('P1' as const, 'P2' as const, 'P3' as const),
        constructor: fc.string(),
        ['__proto__']: fc.integer(),
        note: fc.oneof(fc.string(), fc.integer(), fc.array(fc.boolean())),
      },
      { requiredKeys: ['code', 'target'], noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), async (records) => {
        const path = file('');
        writeRecords(path, records as unknown as DatasetRecord[]);
        expect(JSON.stringify(await readRecords(path))).toBe(
          JSON.stringify(records.map((entry) => JSON.parse(formatRecord(entry as unknown as DatasetRecord)))),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('fields are written in one order', () => {
    const line = formatRecord({ zeta: 1, target: 0, alpha: 2, code: 'x', id: 'a' });
    expect(line).toBe('{"id":"a","code":"x","target":0,"alpha":2,"zeta":1}\n');
    const path = file('');
    writeRecords(path, [{ code: 'x', target: 0 }]);
    expect(readFileSync(path, 'utf8')).toBe('{"code":"x","target":0}\n');
  });
});

describe('what is derived', () => {
  const x1 = (status: string, target: 0 | 1, code: string): DatasetRecord => ({
    code,
    target,
    status,
    commit: 'c',
    function_name: 'f',
  });

  test('set and pair from status, commit and function name; overloads by lines in common', () => {
    const records = pairRecords([
      x1('VULNERABLE', 1, 'int f(int a)\n one\n two'),
      x1('FIXED', 0, 'int f(String a)\n three\n four\n five'),
      x1('VULNERABLE', 1, 'int f(String a)\n three\n four'),
      x1('FIXED', 0, 'int f(int a)\n one\n 2'),
      { ...x1('FIXED', 0, 'alone'), function_name: 'g' },
      { ...x1('UNCHANGED', 0, 'other'), function_name: 'h' },
    ]);
    expect(records.map((record) => record.set)).toEqual(['P1', 'P2', 'P1', 'P2', 'P2', 'P3']);
    expect(records[0]!.pair).toBe(records[3]!.pair);
    expect(records[1]!.pair).toBe(records[2]!.pair);
    expect(records[0]!.pair).not.toBe(records[1]!.pair);
    expect(records[4]!.pair).toBeUndefined();
  });

  test('what a record says itself stays', () => {
    const said = { ...x1('VULNERABLE', 1, 'a'), set: 'P3' as const, pair: 'mine' };
    expect(pairRecords([said])).toEqual([said]);
  });

  test('a fingerprint changes with a label and an order; its bodies part does not change with white space', () => {
    const [a, b]: DatasetRecord[] = [
      { code: 'f( )', target: 1 },
      { code: 'g()', target: 0 },
    ];
    const first = fingerprint([a!, b!]);
    expect(first).toMatchObject({ functions: 2, vulnerable: 1 });
    expect(fingerprint([b!, a!]).records).not.toBe(first.records);
    expect(fingerprint([b!, { code: 'f()', target: 1 }]).bodies).toBe(first.bodies);
    expect(fingerprint([a!, { code: 'g()', target: 1 }]).bodies).not.toBe(first.bodies);
  });
});

describe('X_1 as published', () => {
  const shared = sharedFolder();
  test.skipIf(shared === undefined)('reads as it is, with sets and pairs', async () => {
    const records = await readLabelledRecords(join(shared!, 'data/x1/train.jsonl'));
    expect(records).toHaveLength(810);
    expect(records.filter((record) => record.set === 'P1')).toHaveLength(403);
    expect(records.filter((record) => record.set === 'P2')).toHaveLength(407);
    const pairs = records.filter((record) => record.pair !== undefined);
    expect(new Set(pairs.map((record) => record.pair)).size).toBe(pairs.length / 2);
    expect(pairs).toHaveLength(2 * 396);
    expect(records[0]).toMatchObject({ cwe: ['CWE-20'], idx: 5573 });
  });
});
