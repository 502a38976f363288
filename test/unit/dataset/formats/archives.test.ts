/** @file Archives and folders of datasets, friendly and hostile: nothing is written, nothing is read past a limit. */
import { createReadStream, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { describe, expect, test } from 'vitest';
import { archiveEntries } from '../../../../src/dataset/formats/archive-entries.ts';
import { fileWith, folderWith, jsonLines, readBack } from '../../../support/dataset-file.ts';

interface Entry {
  readonly path: string;
  readonly content?: string;
  readonly type?: 'File' | 'SymbolicLink' | 'Link';
  readonly linkpath?: string;
  /** As the header says, true or not. */
  readonly size?: number;
}

function tarBytes(entries: readonly Entry[], end = true): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = 'File', linkpath, size }) => {
    const data = Buffer.from(content);
    const header = new Header({
      path,
      type,
      mode: 0o644,
      size: size ?? data.length,
      mtime: new Date(0),
      ...(linkpath === undefined ? {} : { linkpath }),
    });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(end ? 1024 : 0)]);
}

const row = (code: string, target = 1) => ({ code, target });
const lines = (...codes: readonly string[]) => jsonLines(codes.map((code) => row(code)));

describe('archives', () => {
  const friendly = [
    { path: 'set/README.md', content: '# words' },
    { path: 'set/train.jsonl', content: lines('int a;', 'int b;') },
    { path: 'set/._valid.jsonl', content: 'what a Mac leaves' },
    { path: 'set/valid.jsonl', content: lines('int c;') },
    { path: 'set/extra.csv', content: 'x,y\n1,2\n' },
    { path: 'set/test.jsonl', content: lines('int d;') },
  ];

  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzipped', (bytes: Buffer) => gzipSync(bytes)],
  ])('%s: its parts, each with its split and place', async (_, pack) => {
    const path = fileWith('set.tar.gz', pack(tarBytes(friendly)));
    const { format, placed, leftOut } = await readBack(path);
    expect(format).toBe('vultune');
    expect(
      placed.map(({ record, split, file, line }) => [record.code, split, file.slice(path.length), line]),
    ).toEqual([
      ['int a;', 'train', '/set/train.jsonl', 1],
      ['int b;', 'train', '/set/train.jsonl', 2],
      ['int c;', 'valid', '/set/valid.jsonl', 1],
      ['int d;', 'test', '/set/test.jsonl', 1],
    ]);
    expect(leftOut).toEqual({ 'file of an unknown format: set/extra.csv': 1 });
  });

  test('paths that leave it and links are passed over, and nothing is written', async () => {
    const path = fileWith(
      'evil.tar',
      tarBytes([
        { path: '../escape.jsonl', content: lines('int evil1;') },
        { path: '/tmp/vultune-absolute.jsonl', content: lines('int evil2;') },
        { path: 'a/../../b.jsonl', content: lines('int evil3;') },
        { path: 'C:\\x.jsonl', content: lines('int evil4;') },
        { path: 'link.jsonl', type: 'SymbolicLink', linkpath: '/etc/passwd' },
        { path: 'hard.jsonl', type: 'Link', linkpath: '/etc/passwd' },
        { path: 'good.jsonl', content: lines('int good;') },
      ]),
    );
    const { records, leftOut } = await readBack(path);
    expect(records.map(({ code }) => code)).toEqual(['int good;']);
    expect(leftOut).toEqual({
      'archive entry with a path out of the archive': 4,
      'archive entry that is a link or no file': 2,
    });
    expect(readdirSync(dirname(path))).toEqual(['evil.tar']);
    expect(existsSync(join(dirname(path), '../escape.jsonl'))).toBe(false);
  });

  test('a bomb is refused by what its entries say, before they are read', async () => {
    const path = fileWith('bomb.tar.gz', gzipSync(tarBytes([{ path: 'a.jsonl', size: 8 * 2 ** 30 }], false)));
    await expect(readBack(path)).rejects.toMatchObject({ code: 'ARCHIVE_BOMB', where: { file: path } });
  });

  test('a small archive of zeros is a bomb, not a damaged one', async () => {
    const zeros = tarBytes([{ path: 'a.jsonl', content: '\0'.repeat(5 * 2 ** 20) }]);
    const path = fileWith('zeros.tar.gz', gzipSync(zeros, { level: 9 }));
    await expect(readBack(path)).rejects.toMatchObject({
      code: expect.stringMatching(/^ARCHIVE_BOMB|DATASET_/),
    });
  });

  test('the limit counts entries that nobody reads', async () => {
    const path = fileWith('big.tar', tarBytes([{ path: 'x.bin', content: 'x'.repeat(2000) }, friendly[1]!]));
    const read = async (maxBytes: number) => {
      for await (const entry of archiveEntries(path, { maxBytes })) for await (const _ of entry.bytes());
    };
    await expect(read(1000)).rejects.toMatchObject({ code: 'ARCHIVE_BOMB' });
    await read(1_000_000);
  });

  test('one that is cut off is an error', async () => {
    const whole = gzipSync(
      tarBytes([
        { path: 'a.jsonl', content: lines(...Array.from({ length: 5000 }, (_, i) => `int a${i * 7919};`)) },
      ]),
    );
    const path = fileWith('cut.tar.gz', whole.subarray(0, whole.length / 2));
    await expect(readBack(path)).rejects.toMatchObject({ code: 'ARCHIVE_BROKEN', where: { file: path } });
  });

  test('a reader that stops early ends the reading', async () => {
    const path = fileWith('set.tar', tarBytes(friendly));
    for await (const entry of archiveEntries(path)) {
      expect(entry.name).toBe('train.jsonl');
      break;
    }
  });

  test('an aborted signal ends the reading of an entry with its reason', async () => {
    const long = lines(...Array.from({ length: 40_000 }, (_, i) => `int a${i * 7919};`));
    const path = fileWith('long.tar.gz', gzipSync(tarBytes([{ path: 'a.jsonl', content: long }])));
    const stop = new AbortController();
    const read = async () => {
      for await (const entry of archiveEntries(path, { isGzip: true, signal: stop.signal })) {
        for await (const _ of entry.bytes()) stop.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
  });

  test('gzipped zeros are no dataset, and take no memory', async () => {
    const folder = folderWith({ zeros: Buffer.alloc(0) });
    const path = join(folder, 'zeros.jsonl.gz');
    const zip = createGzip({ level: 1 });
    const chunks: Buffer[] = [];
    zip.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (let i = 0; i < 200; i++) zip.write(Buffer.alloc(2 ** 20));
    zip.end();
    await new Promise((resolve) => zip.on('end', resolve));
    writeFileSync(path, Buffer.concat(chunks));
    const before = process.memoryUsage().rss;
    await expect(readBack(path)).rejects.toMatchObject({ code: 'DATASET_FORMAT_UNKNOWN' });
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * 2 ** 20);
  });
});

describe('folders', () => {
  test('files by name, deep ones too; hidden ones, links to folders and a dataset.json are passed over', async () => {
    const folder = folderWith({
      'dataset.json': '{"code": "int no;", "target": 1}',
      'train/b.jsonl': lines('int b;'),
      'train/a.jsonl': lines('int a;'),
      'test/c.jsonl': lines('int c;'),
      '.git/x.jsonl': lines('int hidden;'),
      'notes.txt': 'words',
      'empty.jsonl': '',
    });
    symlinkSync(join(folder, 'train'), join(folder, 'again'));
    const { placed, leftOut } = await readBack(folder);
    expect(placed.map(({ record, split }) => [record.code, split])).toEqual([
      ['int c;', 'test'],
      ['int a;', 'train'],
      ['int b;', 'train'],
    ]);
    expect(leftOut).toEqual({});
  });

  test('nothing there, or nothing known', async () => {
    await expect(readBack(folderWith({ 'a.txt': 'x' }))).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
    await expect(readBack(folderWith({ 'a.csv': 'x,y\n1,2\n' }))).rejects.toMatchObject({
      code: 'DATASET_FORMAT_UNKNOWN',
    });
    await expect(readBack('/nowhere/at/all')).rejects.toMatchObject({ code: 'DATASET_FILE_MISSING' });
  });

  test('progress counts the bytes of all files', async () => {
    const folder = folderWith({ 'a.jsonl': lines('int a;'), 'b.jsonl': lines('int b;', 'int c;') });
    const seen: number[] = [];
    await readBack(folder, { onBytes: (done) => seen.push(done) });
    const sizes = await Promise.all(['a.jsonl', 'b.jsonl'].map((name) => sizeOf(join(folder, name))));
    expect(seen).toEqual([sizes[0], sizes[0]! + sizes[1]!]);
  });
});

async function sizeOf(path: string): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(path)) size += (chunk as Buffer).length;
  return size;
}
