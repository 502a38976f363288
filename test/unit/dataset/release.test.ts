/** @file Release archives, hostile ones too: read in memory, nothing but plain source files taken. */
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readArchive } from '../../../src/dataset/npm/release.ts';

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

const read = (bytes: Buffer) => readArchive(Readable.from([bytes.subarray(0, 100), bytes.subarray(100)]));

test('source files and the licence, without the first folder', async () => {
  const { files, license } = await read(
    archive([
      { path: 'package/package.json', text: '{"licenses":[{"type":"MIT"},"MIT"]}' },
      { path: 'package/lib/a.js', text: '\ufeffvar a;' },
      { path: 'package/b.ts', text: 'let b: 1' },
      { path: 'package/types.d.ts', text: 'declare let c: 1' },
      { path: 'package/logo.png', text: 'PNG' },
    ]),
  );
  expect([...files.keys()]).toEqual(['lib/a.js', 'b.ts']);
  expect(files.get('lib/a.js')).toEqual({ path: 'lib/a.js', language: 'javascript', text: 'var a;' });
  expect(license).toBe('MIT');
});

test('links, and paths that leave the package, are passed over', async () => {
  const { files, license } = await read(
    archive([
      { path: 'package/../../evil.js', text: 'x' },
      { path: '/etc/evil.js', text: 'x' },
      { path: 'package/link.js', type: '2', link: '/etc/passwd' },
      { path: 'package/hard.js', type: '1', link: 'package/good.js' },
      { path: 'package\\..\\evil.js', text: 'x' },
      { path: 'package/good.js', text: 'x' },
      { path: 'package/package.json', text: '{"license":' },
    ]),
  );
  expect([...files.keys()]).toEqual(['good.js']);
  expect(license).toBe('unknown');
});

test('a file too large to be source is passed over', async () => {
  const { files } = await read(archive([{ path: 'package/data.js', text: ' '.repeat(3 * 2 ** 20) }]));
  expect(files.size).toBe(0);
});

test('an archive that claims gigabytes is refused before they are read', async () => {
  const bytes = archive([{ path: 'package/a.bin', size: 8 * 2 ** 30 - 1 }]);
  await expect(read(bytes)).rejects.toMatchObject({ code: 'RELEASE_TOO_LARGE' });
});

test('what is no archive is an error', async () => {
  await expect(read(Buffer.from('<html>not found</html>'.repeat(100)))).rejects.toThrow();
  const whole = archive([{ path: 'package/a.js', text: 'var a = 1;'.repeat(500) }]);
  await expect(read(whole.subarray(0, whole.length - 40))).rejects.toThrow();
});
