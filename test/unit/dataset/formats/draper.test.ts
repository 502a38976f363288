/** @file VDISC: an HDF5 file with the published schema, made here with the same library, gives its functions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import h5wasm from 'h5wasm/node';
import { describe, expect, test } from 'vitest';
import { LABEL_COLUMNS } from '../../../../src/dataset/formats/draper/vdisc-job.ts';
import { fileWith, folderWith, readBack } from '../../../support/dataset-file.ts';

const ROWS = 4_500; // more than two slices

async function vdisc(name: string, columns: readonly string[] = LABEL_COLUMNS): Promise<string> {
  const path = join(folderWith({}), name);
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'w');
  const texts = Array.from({ length: ROWS }, (_, i) =>
    i === 4 ? ' ' : `int f${i}(void) { /* ü */ return ${i}; }`,
  );
  file.create_dataset({ name: 'functionSource', data: texts, dtype: 'S' });
  for (const [at, column] of columns.entries()) {
    const data = Int8Array.from({ length: ROWS }, (_, i) => (i % 10 === at ? 1 : 0));
    file.create_dataset({ name: column, data, dtype: '<b' });
  }
  file.close();
  return path;
}

describe('draper', () => {
  test('every function once, vulnerable when any analyser said so, the split by the name', async () => {
    const { format, placed, leftOut } = await readBack(await vdisc('VDISC_validate.hdf5'));
    expect(format).toBe('draper');
    expect(placed).toHaveLength(ROWS - 1);
    expect(leftOut).toEqual({ 'no code': 1 });
    expect(placed[0]).toEqual({
      record: { code: 'int f0(void) { /* ü */ return 0; }', target: 1, cwe: ['CWE-119'] },
      file: expect.stringContaining('VDISC_validate.hdf5'),
      line: 1,
      split: 'valid',
    });
    // "CWE-other" is a label without an id; row 5 has no code, row 6 no label.
    expect(placed.slice(3, 5).map(({ record: { target, cwe }, line }) => [target, cwe, line])).toEqual([
      [1, ['CWE-476'], 4],
      [0, undefined, 6],
    ]);
    expect(placed[13]!.record).toEqual({ code: 'int f14(void) { /* ü */ return 14; }', target: 1 });
    const last = placed.at(-1)!;
    expect([last.line, last.record.code]).toEqual([
      ROWS,
      `int f${ROWS - 1}(void) { /* ü */ return ${ROWS - 1}; }`,
    ]);
  });

  test('a missing column is named', async () => {
    const path = await vdisc('VDISC_train.hdf5', ['CWE-119']);
    await expect(readBack(path)).rejects.toMatchObject({
      code: 'DATASET_FIELD_MISSING',
      where: { file: path, name: 'CWE-120' },
    });
  });

  test('a file that is cut off is an error, not silence', async () => {
    const whole = readFileSync(await vdisc('a.hdf5'));
    const cut = fileWith('cut.hdf5', whole.subarray(0, whole.length / 2));
    await expect(readBack(cut)).rejects.toMatchObject({ code: 'DATASET_HDF5_BROKEN', where: { file: cut } });
  });
});
