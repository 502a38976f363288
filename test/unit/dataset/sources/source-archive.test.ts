/** @file Release archives, hostile ones too: read in memory, nothing but plain source files taken. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readSourceArchive } from '../../../../src/dataset/sources/releases/source-archive.ts';
import { fileWith } from '../../../support/dataset-file.ts';

interface Entry {
  readonly path: string;
  readonly text?: string;
  /** tar's type flag: 0 file, 1 hard link, 2 symbolic link, 5 folder. */
  readonly type?: string;
  readonly link?: string;
  /** What the header claims, where it lies. */
  readonly size?: number;
}

function archive(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, text = '', type = '0', link = '', size }) => {
    const body = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write('0000644\0', 100);
    header.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157);
    header.write('ustar\u000000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

async function read(bytes: Buffer) {
  const left: Record<string, number> = {};
  const tally = {
    add: (reason: string) => {
      left[reason] = (left[reason] ?? 0) + 1;
    },
  };
  const { signal } = new AbortController();
  const files = await readSourceArchive(fileWith('x.tgz', bytes), { stripped: true, tally, signal });
  return {
    texts: files && [...files].map(([path, content]) => [path, Buffer.from(content).toString()]),
    left,
  };
}

test('a release gives its source files without the first folder', async () => {
  const { texts, left } = await read(
    archive([
      { path: 'package/package.json', text: '{}' },
      { path: 'package/lib/a.js', text: 'var a;' },
      { path: 'package/b.ts', text: 'let b: 1' },
      { path: 'package/types.d.ts', text: 'declare let c: 1' },
      { path: 'package/logo.png', text: 'PNG' },
    ]),
  );
  expect(texts).toEqual([
    ['lib/a.js', 'var a;'],
    ['b.ts', 'let b: 1'],
  ]);
  expect(left).toEqual({});
});

test('links, and paths that leave the package, are passed over and counted', async () => {
  const { texts, left } = await read(
    archive([
      { path: 'package/../../evil.js', text: 'x' },
      { path: '/etc/evil.js', text: 'x' },
      { path: 'package/link.js', type: '2', link: '/etc/passwd' },
      { path: 'package/hard.js', type: '1', link: 'package/good.js' },
      { path: 'package\\..\\evil.js', text: 'x' },
      { path: 'package/good.js', text: 'x' },
    ]),
  );
  expect(texts).toEqual([['good.js', 'x']]);
  expect(left).toEqual({
    'archive entry with a path out of the archive': 3,
    'archive entry that is a link or no file': 2,
  });
});

test('a file too large to be source is passed over', async () => {
  const { texts, left } = await read(archive([{ path: 'package/data.js', text: ' '.repeat(3 * 2 ** 20) }]));
  expect(texts).toEqual([]);
  expect(left).toEqual({ 'file over the size limit': 1 });
});

test('an archive that is cut short, or is none, gives no release', async () => {
  const page = await read(Buffer.from('<html>not found</html>'.repeat(100)));
  expect(page).toEqual({ texts: undefined, left: { 'archive that is damaged': 1 } });
  const whole = archive([{ path: 'package/a.js', text: 'var a = 1;'.repeat(500) }]);
  expect((await read(whole.subarray(0, whole.length - 40))).texts).toBeUndefined();
});
