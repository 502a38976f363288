/** @file Damaged Parquet, SQLite and HDF5: every one ends, in records or in an error with its code, and never outside it. */
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataset } from '../../../../src/dataset/formats/open-dataset.ts';
import { checkPageSize, checkParquet } from '../../../../src/dataset/formats/rows/parquet-limits.ts';
import { fileWith, readBack } from '../../../support/dataset-file.ts';
import { hdf5Seed, parquetSeed, sqliteSeed } from '../../../support/dataset-seeds.ts';

/** Found by flipping bits. */
const DAMAGED = resolve(import.meta.dirname, '../../../fixtures/damaged');

/** One to three bits flipped, the same ones for the same number. */
function mutant(whole: Uint8Array, seed: number): Uint8Array {
  const bytes = Uint8Array.from(whole);
  let state = seed * 2_654_435_761 + 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let flips = 1 + (seed % 3); flips > 0; flips--) {
    const at = 8 + next(bytes.length - 8);
    bytes[at] = bytes[at]! ^ (1 << next(8));
  }
  return bytes;
}

const KINDS = [
  ['parquet', async () => parquetSeed(), 'DATASET_PARQUET_BROKEN'],
  ['db', async () => sqliteSeed(), 'DATASET_SQLITE_BROKEN'],
  ['hdf5', hdf5Seed, 'DATASET_HDF5_BROKEN'],
] as const;

describe.each(KINDS)('mutants of a %s file', (ending, whole) => {
  test('end in records or in an error with a code', async () => {
    const bytes = await whole();
    for (let seed = 1; seed <= 5; seed++) {
      const path = fileWith(`m${seed}.${ending}`, mutant(bytes, seed));
      const ended = await readBack(path, { requireTarget: false }).then(
        () => 'records',
        (error: { readonly code?: string }) => error.code,
      );
      expect(ended, `seed ${seed}`).toMatch(/^(?:records|DATASET_\w+|FORMAT_\w+)$/);
    }
  });
});

test('files that once hung or ended the process are refused with their codes', async () => {
  for (const [name, errorCode] of [
    ['unhandled.parquet', 'DATASET_PARQUET_BROKEN'],
    ['broken.db', 'DATASET_SQLITE_BROKEN'],
    ['hd_train.hdf5', 'DATASET_HDF5_BROKEN'],
  ] as const) {
    await expect(readBack(join(DAMAGED, name))).rejects.toMatchObject({ code: errorCode });
  }
});

test('a file whose reader hangs is given up at the signal', async () => {
  const stop = new AbortController();
  const path = join(DAMAGED, 'hang.parquet');
  const opened = openDataset(path, { signal: stop.signal });
  setTimeout(() => stop.abort(), 500);
  await expect(opened).rejects.toThrow(/abort/);
});

describe('counts of a Parquet file', () => {
  const column = (more: object) => ({
    meta_data: { data_page_offset: 4n, total_compressed_size: 100n, num_values: 10n, ...more },
  });
  const metadata = (rows: bigint, groups: readonly object[]) =>
    ({ num_rows: rows, row_groups: groups }) as unknown as Parameters<typeof checkParquet>[0];

  test.each([
    ['more rows than its groups', metadata(11n, [{ num_rows: 10n, columns: [] }]), /11 rows/],
    [
      'more rows than bytes allow',
      metadata(10n ** 9n, [{ num_rows: 10n ** 9n, columns: [] }]),
      /rows in a file/,
    ],
    ['a negative count', metadata(-1n, [{ num_rows: -1n, columns: [] }]), /-1 rows/],
    [
      'a column past the end',
      metadata(10n, [{ num_rows: 10n, columns: [column({ total_compressed_size: 10n ** 12n })] }]),
      /a column of 1000000000000 bytes/,
    ],
    [
      'values past all bounds',
      metadata(10n, [{ num_rows: 10n, columns: [column({ num_values: 10n ** 15n })] }]),
      /values in a file/,
    ],
  ])('%s are refused', (_, given, message) => {
    expect(() => checkParquet(given, 1000)).toThrow(message);
  });

  test('a page that unpacks past any ratio is refused, one of a megabyte of equal rows is not', () => {
    expect(() => checkPageSize(100, 2 ** 30 - 1)).toThrow(/a page of 100 bytes/);
    expect(() => checkPageSize(100, -5)).toThrow(/a page/);
    checkPageSize(100, 2 ** 20);
  });
});
