import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readJsonObject, readJsonObjectSync } from '../../../src/checkpoint/json-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-json-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(text: string, mostBytes?: number): Promise<Record<string, unknown>> {
  const path = join(folder, 'config.json');
  writeFileSync(path, text);
  return await readJsonObject(path, 'BAD', mostBytes);
}

test("Python's NaN and infinities are numbers that are not finite", async () => {
  const found = await read('{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN, \\" -Infinity", "d": -1}');
  expect(found).toEqual({
    a: Number.POSITIVE_INFINITY,
    b: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    c: 'NaN, " -Infinity',
    d: -1,
  });
});

test.each([
  ['a word of its own', '{"a": Nothing}'],
  ['a text without an end', '{"a": NaN, "b'],
  ['an empty file', ''],
  ['a list', '[1]'],
])('%s is refused with the code asked for', async (_what, text) => {
  await expect(read(text)).rejects.toMatchObject({
    code: 'BAD',
    where: { file: join(folder, 'config.json') },
  });
});

test('a file that is too large is refused before it is read', async () => {
  await expect(read('{"a": 1}', 7)).rejects.toThrow('has 8 bytes, expected a JSON file of at most 7');
  expect(() => readJsonObjectSync(join(folder, 'config.json'), { code: 'BAD', mostBytes: 7 })).toThrow(
    '8 bytes',
  );
  expect(await read('{"a": 1}', 8)).toEqual({ a: 1 });
});
