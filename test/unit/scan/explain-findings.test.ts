import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileLineCache, memoryLineCache } from '../../../src/scan/cache/line-cache.ts';
import { explainFindings, type LineExplainer } from '../../../src/scan/explain-findings.ts';
import type { Finding } from '../../../src/scan/finding.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-line-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const finding = (code?: string): Finding => ({
  file: 'a.js',
  language: 'javascript',
  name: 'f',
  fingerprint: 'f',
  score: 0.9,
  band: 'vulnerable',
  truncated: false,
  startLine: 1,
  startColumn: 1,
  endLine: 2,
  endColumn: 2,
  ...(code === undefined ? {} : { code }),
});

/** A line's score is its length; says which codes it was asked for. */
function lengths(asked: string[] = []): LineExplainer {
  return async (codes) => {
    asked.push(...codes);
    return codes.map((code) => code.split('\n').map((line) => line.length / 3));
  };
}

const run = (
  codes: readonly (string | undefined)[],
  explain: LineExplainer,
  lines = memoryLineCache(),
  signal = new AbortController().signal,
) => explainFindings(codes.map(finding), { explain, lines, signal, onProgress: () => {} });

describe('lines of findings', () => {
  test('in order, a text asked for once, nothing for findings without code', async () => {
    const asked: string[] = [];
    const found = await run(['ab\nc', undefined, 'x', 'ab\nc'], lengths(asked));
    expect(found.map(({ lineScores }) => lineScores)).toEqual([
      [0.6667, 0.3333],
      undefined,
      [0.3333],
      [0.6667, 0.3333],
    ]);
    expect(asked).toEqual(['ab\nc', 'x']);
  });

  test('Ctrl-C keeps what is known by then; any other failure is told', async () => {
    const controller = new AbortController();
    const explain: LineExplainer = async (codes, signal) => {
      signal.throwIfAborted();
      if (codes.includes('e')) {
        controller.abort();
        signal.throwIfAborted();
      }
      return codes.map(() => [1]);
    };
    const found = await run(['a', 'b', 'c', 'd', 'e', 'f'], explain, memoryLineCache(), controller.signal);
    expect(found.map(({ lineScores }) => lineScores?.length)).toEqual([1, 1, 1, 1, undefined, undefined]);
    await expect(run(['a'], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});

describe('the cache of lines', () => {
  const never: LineExplainer = () => Promise.reject(new Error('asked'));
  const open = () =>
    fileLineCache(folder, 'key', (cause) => {
      throw cause;
    });

  test('is read by the next scan; a line that was cut short is computed again', async () => {
    const first = await run(['ab\nc', ''], lengths(), open());
    expect(await run(['ab\nc', ''], never, open())).toEqual(first);
    const file = join(folder, readdirSync(folder)[0]!);
    appendFileSync(file, `${'k'.repeat(22)} 1 2`);
    expect(open().get('k'.repeat(22))).toBeUndefined();
    const third = await run(['new'], lengths(), open());
    expect(await run(['new', 'ab\nc'], never, open())).toEqual([...third, first[0]]);
  });

  test('where nothing can be written the scan goes on, and says so once', async () => {
    const notes: unknown[] = [];
    writeFileSync(join(folder, 'file'), '');
    const cache = fileLineCache(join(folder, 'file'), 'key', (cause) => notes.push(cause));
    const found = await run(['a', 'b', 'c'], lengths(), cache);
    expect(found.every(({ lineScores }) => lineScores !== undefined)).toBe(true);
    expect(notes).toHaveLength(1);
  });
});
