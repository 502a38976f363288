/** @file JSON as others write it: Python's numbers, marks, odd characters, nesting without end. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesWithoutPythonNumbers, pythonNumbersAsNull } from '../../../src/dataset/json/python-numbers.ts';
import { readRecords } from '../../../src/dataset/read-jsonl.ts';
import { fileWith, readBack } from '../../support/dataset-file.ts';

const ROW = '{"code": "x = NaN; // \\"Infinity\\\\", "target": 1, "cve_desc": NaN, "score": -Infinity}';
const FIRST = { code: 'x = NaN; // "Infinity\\', target: 1 };

describe("Python's NaN and Infinity", () => {
  test.each([
    ['JSON lines', 'a.jsonl', `${ROW}\n${ROW}\n`],
    ['an array', 'a.json', `[${ROW},\n${ROW}]`],
    ['an array with a byte order mark', 'a.json', `\ufeff[${ROW},\n${ROW}]`],
  ])('are null in %s', async (_, name, content) => {
    const { records } = await readBack(fileWith(name, content));
    expect(records).toEqual([FIRST, FIRST]);
  });

  test('are null where a training reads its file', async () => {
    expect(await readRecords(fileWith('a.jsonl', `${ROW}\n`))).toEqual([FIRST]);
  });

  test.each(['code', 'target'])('in the field %s are an error with line and field', async (field) => {
    const row = JSON.stringify({ code: 'a', target: 1, [field]: 'HERE' }).replace('"HERE"', 'NaN');
    const good = '{"code": "b", "target": 0}';
    await expect(readRecords(fileWith('a.jsonl', `${good}\n${row}\n`))).rejects.toMatchObject({
      code: 'DATASET_FIELD_MISSING',
      where: { line: 2, name: field },
    });
  });

  test('another fault is still told as JSON tells it', async () => {
    await expect(readBack(fileWith('a.jsonl', '{"code": "a", "target": NaNs}\n'))).rejects.toMatchObject({
      code: 'DATASET_JSON_BROKEN',
      where: { line: 1 },
    });
  });

  const json = fc.json().map((text) => text.replaceAll('null', 'NaN'));

  test('strings stay as they are, whatever they hold', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify({ value, s: 'NaN "\\ -Infinity' });
        expect(pythonNumbersAsNull(text)).toBe(text);
      }),
    );
  });

  test('a stream cut anywhere gives what the whole text gives', async () => {
    await fc.assert(
      fc.asyncProperty(json, fc.integer({ min: 1, max: 12 }), async (text, size) => {
        const whole = Buffer.from(
          `{"a": NaN, "b": -Infinity, "c": "é NaN", "d": [-1, Infinity], "e": ${text}}`,
        );
        const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
          whole.subarray(i * size, (i + 1) * size),
        );
        const read: Uint8Array[] = [];
        for await (const chunk of bytesWithoutPythonNumbers(Readable.from(chunks))) read.push(chunk);
        expect(Buffer.concat(read).toString()).toBe(pythonNumbersAsNull(whole.toString()));
      }),
      { numRuns: 50 },
    );
  });
});

describe('odd JSON', () => {
  const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);

  test.each([
    ['a line of lists in lists', 'a.jsonl', `{"code": "a", "target": 1, "x": ${deep('[', ']')}}\n`],
    [
      'a line of objects in objects',
      'a.jsonl',
      `{"code": "a", "target": 1, "x": ${deep('{"a":', '}').replace(':}', ':1}')}}\n`,
    ],
    ['brackets that nobody closes', 'a.jsonl', `{"code": "a", "target": 1}\n${'['.repeat(100_000)}\n`],
    ['an array of lists in lists', 'a.json', `[{"code": "a", "target": 1, "x": ${deep('[', ']')}}]`],
    ['an array that nobody closes', 'a.json', '['.repeat(100_000)],
    [
      'lines that end in a carriage return alone',
      'a.jsonl',
      '{"code": "a", "target": 1}\r{"code": "b", "target": 0}\r',
    ],
    ['a NUL outside a string', 'a.jsonl', '{"code": "a", "target": 1}\n{"code": "a",\0 "target": 1}\n'],
  ])('%s is an error with a code', async (_, name, content) => {
    await expect(readBack(fileWith(name, content))).rejects.toMatchObject({
      code: expect.stringMatching(/^DATASET_(?:JSON_BROKEN|FIELD_TYPE|FORMAT_UNKNOWN)$/),
    });
  });

  test('keys of prototypes are fields like others', async () => {
    const row = '{"code": "a", "target": 1, "__proto__": {"polluted": 1}, "constructor": 2}';
    for (const [name, content] of [
      ['a.jsonl', row],
      ['a.json', `[${row}]`],
    ] as const) {
      const { records } = await readBack(fileWith(name, content));
      expect(records[0]).toMatchObject({ code: 'a', target: 1 });
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    }
  });

  test('half a surrogate pair is kept as a character', async () => {
    const { records } = await readBack(fileWith('a.jsonl', '{"code": "a \\ud800 b", "target": 1}\n'));
    expect(records[0]!.code).toHaveLength(5);
  });

  test('empty lines are passed over and counted', async () => {
    const path = fileWith(
      'a.jsonl',
      `${'\n'.repeat(300_000)}{"code": "a", "target": 1}\n\n\r\n{"code": 1}\n`,
    );
    await expect(readRecords(path)).rejects.toMatchObject({
      code: 'DATASET_FIELD_TYPE',
      where: { line: 300_004 },
    });
  });
});
