/** @file What a scan keeps on disk is believed only as it was written: a line that lies is computed again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileLineCache } from '../../../src/scan/cache/line-cache.ts';
import { fileOutlineIndex } from '../../../src/scan/cache/outline-index.ts';
import { fileScoreCache } from '../../../src/scan/cache/score-cache.ts';
import { sealLine, unsealLine } from '../../../src/scan/cache/sealed-line.ts';
import type { FileOutline } from '../../../src/scan/finding.ts';
import { outlineSource } from '../../../src/scan/outline-source.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = (letter: string) => letter.repeat(22);
const fail = (cause: unknown) => {
  throw cause;
};
const onlyFile = () => join(folder, readdirSync(folder)[0]!);

describe('a line', () => {
  test('comes back as it was written, whatever its value is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\r\n]/.test(text)),
        (value) => {
          expect(unsealLine(sealLine('key', value))).toEqual({ key: 'key', value });
        },
      ),
    );
  });

  test('with any character changed, left out or put in is not believed', () => {
    const line = sealLine(key('a'), '0.25 0');
    fc.assert(
      fc.property(
        fc.nat(line.length - 1),
        fc.nat(2),
        fc.string({ minLength: 1, maxLength: 2 }),
        (at, cut, text) => {
          const changed = line.slice(0, at) + text + line.slice(at + cut);
          expect(changed === line || unsealLine(changed) === undefined).toBe(true);
        },
      ),
    );
  });
});

describe('an edited cache of', () => {
  test('scores gives no lower score', () => {
    const open = () => fileScoreCache(folder, 'key', fail);
    open().add([[key('a'), { score: 0.9, truncated: false }]]);
    const text = readFileSync(onlyFile(), 'latin1');
    expect(open().get(key('a'))).toEqual({ score: 0.9, truncated: false });
    writeFileSync(onlyFile(), text.replace('0.9', '0.1'));
    expect(open().get(key('a'))).toBeUndefined();
    writeFileSync(onlyFile(), text.replaceAll('a', 'b'));
    expect(open().get(key('b'))).toBeUndefined();
  });

  test("lines' scores gives no other ones", () => {
    const open = () => fileLineCache(folder, 'key', fail);
    open().add([[key('a'), [1, 2]]]);
    const text = readFileSync(onlyFile(), 'latin1');
    writeFileSync(onlyFile(), text.replace('1 2', '2 1'));
    expect(open().get(key('a'))).toBeUndefined();
  });

  const OUTLINE = outlineSource({ source: 'int f(int a) { return a; }\n', language: 'c' });
  const index = () => fileOutlineIndex(folder, ['/root'], '1');
  function write(line: (json: string) => string): void {
    rmSync(folder, { recursive: true, force: true });
    const first = index();
    first.add('k', OUTLINE);
    first.save(true);
    writeFileSync(onlyFile(), `${line(JSON.stringify(OUTLINE))}\n`);
  }

  test('outlines gives the outline that was kept', () => {
    write((json) => sealLine('k', json));
    expect(OUTLINE.functions).toHaveLength(1);
    expect(index().get('k')).toEqual(OUTLINE);
  });

  test.each([
    'null',
    '5',
    '"x"',
    '[]',
    '{}',
    '{"problems":[]}',
    '{"functions":[],"problems":[]}',
    '{"functions":[null],"problems":[]}',
  ])('outlines does not believe %s without its checksum', (json) => {
    write((own) => sealLine('k', own).replace(own, json));
    expect(index().get('k')).toBeUndefined();
    write(() => `k ${json}`);
    expect(index().get('k')).toBeUndefined();
  });

  const [one] = OUTLINE.functions;
  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['no functions', { problems: [] }],
    ['no problems', { functions: [] }],
    ['a function that is null', { ...OUTLINE, functions: [null] }],
    ['a start of text', { ...OUTLINE, functions: [{ ...one, start: '0' }] }],
    ['a start behind the end', { ...OUTLINE, functions: [{ ...one, start: 9, end: 3 }] }],
    ['a half line', { ...OUTLINE, functions: [{ ...one, startLine: 1.5 }] }],
    ['a key that is none', { ...OUTLINE, functions: [{ ...one, codeKey: '../../x' }] }],
    ['a suppression without a reason', { ...OUTLINE, functions: [{ ...one, suppression: {} }] }],
    ['a refusal that is not text', { ...OUTLINE, refused: {} }],
  ])('outlines does not take %s for an outline', (_, outline) => {
    write(() => sealLine('k', JSON.stringify(outline)));
    expect(index().get('k')).toBeUndefined();
  });

  test('outlines does not take the outline of one file for that of another', () => {
    write((json) => sealLine('k', json).replace(/^k/, 'l'));
    expect(index().get('l') satisfies FileOutline | undefined).toBeUndefined();
  });
});
