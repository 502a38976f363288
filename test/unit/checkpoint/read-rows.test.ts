import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readRowBytes } from '../../../src/checkpoint/read-rows.ts';

const reads = vi.hoisted((): { position: number; length: number }[] => []);
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const readSync = (fd: number, into: Uint8Array, at: number, length: number, position: number) => {
    reads.push({ position, length });
    return fs.readSync(fd, into, at, length, position);
  };
  return { ...fs, readSync };
});

const folder = mkdtempSync(join(tmpdir(), 'vultune-rows-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  reads.length = 0;
});

/** Seven rows of three bytes behind five others, two more behind them. */
const all = Uint8Array.from({ length: 28 }, (_, i) => i);
const matrix = { shape: [7, 3], start: 5, sizeBytes: 21 };
const row = (index: number) => [...all.subarray(5 + 3 * index, 8 + 3 * index)];
const path = join(folder, 'matrix');
writeFileSync(path, all);

test('any rows in any order, repeated or not: each read once, from front to back, and nothing else', async () => {
  const rows = fc.array(fc.nat(6), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(rows, async (asked) => {
      reads.length = 0;
      expect([...(await readRowBytes(path, matrix, asked))]).toEqual(asked.flatMap(row));
      const distinct = [...new Set(asked)].toSorted((a, b) => a - b);
      expect(reads).toEqual(distinct.map((index) => ({ position: 5 + 3 * index, length: 3 })));
    }),
    { numRuns: 50 },
  );
});

test('calls beside each other', async () => {
  const asked = [[6, 0], [3, 3, 1], [], [2]];
  const found = await Promise.all(asked.map((rows) => readRowBytes(path, matrix, rows)));
  expect(found.map((bytes) => [...bytes])).toEqual(asked.map((rows) => rows.flatMap(row)));
});

describe('refused', () => {
  test.each([[-1], [7], [1.5], [Number.NaN]])('row %d of 7', async (index) => {
    await expect(readRowBytes(path, matrix, [0, index])).rejects.toThrow(/internal error: row .* of 7 rows/);
    expect(reads).toEqual([]);
  });

  test('no matrix', async () => {
    await expect(readRowBytes(path, { ...matrix, shape: [21] }, [0])).rejects.toThrow(
      /internal error.*\[21\]/,
    );
  });

  test('a file that ends within a row asked for; rows before that can be read', async () => {
    const cut = join(folder, 'cut');
    writeFileSync(cut, all);
    truncateSync(cut, 5 + 3 * 4 + 1);
    expect([...(await readRowBytes(cut, matrix, [3]))]).toEqual(row(3));
    await expect(readRowBytes(cut, matrix, [0, 4])).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_TRUNCATED', where: { file: cut } }),
    );
  });

  test('a file that is gone', async () => {
    const gone = join(folder, 'gone');
    await expect(readRowBytes(gone, matrix, [0])).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_MISSING' }),
    );
  });
});
