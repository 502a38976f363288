/** @file Statements and archives of project-kb, good and hostile, as fixes. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ReasonTally } from '../../../../src/base/tally.ts';
import { readTarGz } from '../../../../src/dataset/archives/tar-archive.ts';
import type { FileChange } from '../../../../src/dataset/source.ts';
import { openProjectKb } from '../../../../src/dataset/sources/project-kb/project-kb.ts';
import { temporaryFolder } from '../../../support/fix-source.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

interface Entry {
  readonly path: string;
  readonly content?: string | Buffer;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory';
  readonly linkpath?: string;
}

function tarGz(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, content = '', type = 'File', linkpath = '' }) => {
    const bytes = Buffer.from(content);
    const header = new Header({ path, type, linkpath, size: bytes.length, mode: 0o644, mtime: new Date(0) });
    header.encode();
    return [header.block!, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

function addStatement(
  id: string,
  fixes: readonly (readonly [commit: string, repository: string])[],
  archive?: Buffer,
): void {
  const statement = join(folder.path, 'statements', id);
  mkdirSync(statement, { recursive: true });
  const commits = fixes
    .map(([commit, repository]) => `  - id: ${commit}\n    repository: ${repository}\n`)
    .join('');
  writeFileSync(
    join(statement, 'statement.yaml'),
    `vulnerability_id: ${id}\nnotes:\n- text: "it's <b>bad</b>"\nfixes:\n- id: DEFAULT_BRANCH\n  commits:\n${commits}`,
  );
  if (archive !== undefined) writeFileSync(join(statement, 'changed-source-code.tar.gz'), archive);
}

async function read(): Promise<{
  units: { facts: object; files: FileChange[] }[];
  tally: Record<string, number>;
  sha256: string | undefined;
}> {
  const source = await openProjectKb(folder.path);
  const tally = new ReasonTally();
  const { signal } = new AbortController();
  const units = [];
  for await (const unit of source.units({ tally, signal, cacheDir: folder.path })) {
    const files: FileChange[] = [];
    for await (const file of unit.files(tally, signal)) files.push(file);
    units.push({ facts: unit.facts, files });
  }
  expect(source.count).toBe(units.length);
  return { units, tally: tally.counts(), sha256: source.info.sha256 };
}

const REPOSITORY = 'https://user:secret@example.org/apache/tomcat.git';

describe('good statements', () => {
  test('their hash is the same for the same statements and archives, another for others', async () => {
    const archive = (content: string) =>
      tarGz(['before', 'after'].map((side) => ({ path: `abc/${side}/A.java`, content })));
    const hashes: (string | undefined)[] = [];
    for (const content of ['one', 'one', 'two']) {
      addStatement('CVE-1', [['abc', REPOSITORY]], archive(content));
      hashes.push((await read()).sha256);
    }
    addStatement('CVE-1', [['def', REPOSITORY]], archive('two'));
    hashes.push((await read()).sha256);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes[1]).toBe(hashes[0]);
    expect(new Set(hashes).size).toBe(3);
  });

  test('one fix a commit: files on both sides, added, deleted; project, day and vulnerability', async () => {
    addStatement(
      'CVE-1',
      [['1338469', REPOSITORY]],
      tarGz([
        { path: './', type: 'Directory' },
        { path: './1338469/timestamp', content: '1579828531\n' },
        { path: './1338469/after/a.js', content: 'new' },
        { path: './1338469/after/b.js', content: Buffer.from([0x22, 0xe9, 0x22]) },
        { path: './1338469/after/c.md', content: 'text' },
        { path: './1338469/before/a.js', content: '\ufeffold' },
        { path: './1338469/before/d.js', content: 'gone' },
        { path: './1338469/before/e.js', content: 'a\0b' },
      ]),
    );
    const { units, tally } = await read();
    expect(units).toEqual([
      {
        facts: { project: 'apache/tomcat', commit: '1338469', date: '2020-01-24', cve: ['CVE-1'] },
        files: [
          { path: 'a.js', before: 'old', after: 'new' },
          { path: 'b.js', before: undefined, after: '"é"' },
          { path: 'd.js', before: 'gone', after: undefined },
          { path: 'e.js', before: undefined, after: undefined },
        ],
      },
    ]);
    expect(tally).toEqual({
      'binary file': 1,
      'file that is not source code': 1,
      'not UTF-8, read as Latin-1 (kept)': 1,
    });
  });

  test('a commit that two statements name is one fix of two vulnerabilities', async () => {
    const archive = tarGz([{ path: 'abc/after/a.js', content: 'x' }]);
    addStatement('CVE-1', [['abc', REPOSITORY]], archive);
    addStatement('CVE-2', [['abc', REPOSITORY]], archive);
    const { units } = await read();
    expect(units.map(({ facts }) => facts)).toEqual([
      { project: 'apache/tomcat', commit: 'abc', cve: ['CVE-1', 'CVE-2'] },
    ]);
  });

  test('no archive is counted; no statement, no folder and no YAML are errors', async () => {
    addStatement('CVE-1', [['abc', REPOSITORY]]);
    expect((await read()).tally).toEqual({ 'statement without an archive': 1 });
    await expect(openProjectKb(join(folder.path, 'statements', 'CVE-1'))).rejects.toMatchObject({
      code: 'SOURCE_LOCATION',
    });
    await expect(openProjectKb(join(folder.path, 'absent'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(openProjectKb(undefined)).rejects.toMatchObject({ code: 'SOURCE_LOCATION' });
    addStatement('CVE-2', [['abc', REPOSITORY]], tarGz([]));
    writeFileSync(join(folder.path, 'statements/CVE-2/statement.yaml'), 'a: [b');
    await expect(read()).rejects.toMatchObject({ code: 'SOURCE_STATEMENT' });
  });
});

describe('hostile archives', () => {
  test('paths out of the archive, links, devices: counted, nothing written', async () => {
    const names = () => readdirSync(folder.path, { recursive: true }).length;
    addStatement(
      'CVE-1',
      [['abc', REPOSITORY]],
      tarGz([
        { path: 'abc/after/../../../../evil.js', content: 'x' },
        { path: '/abc/after/evil.js', content: 'x' },
        { path: 'abc/after/..\\evil.js', content: 'x' },
        { path: 'C:/abc/after/evil.js', content: 'x' },
        { path: 'abc/after/link.js', type: 'SymbolicLink', linkpath: '/etc/passwd' },
        { path: 'abc/after/hard.js', type: 'Link', linkpath: '../../x' },
        { path: 'abc/after/good.js', content: 'fine' },
      ]),
    );
    const before = names();
    const { units, tally } = await read();
    expect(units[0]!.files).toEqual([{ path: 'good.js', before: undefined, after: 'fine' }]);
    expect(tally).toEqual({
      'archive entry that is a link or no file': 2,
      'archive entry with a path out of the archive': 4,
    });
    expect(names()).toBe(before);
    expect(existsSync(join(folder.path, '../evil.js'))).toBe(false);
  });

  test('a file over the limit, and a bomb: memory is bounded, both are counted', async () => {
    const path = join(folder.path, 'bomb.tar.gz');
    writeFileSync(
      path,
      tarGz([
        { path: 'small', content: 'x' },
        { path: 'large', content: Buffer.alloc(3000) },
        { path: 'zeros', content: Buffer.alloc(200_000) },
        { path: 'late', content: 'x' },
      ]),
    );
    const seen: unknown[] = [];
    const visitor = {
      wants: () => true,
      onFile: (file: string) => seen.push(file),
      onProblem: (problem: string, file: string | undefined) => seen.push([problem, file]),
    };
    await readTarGz(path, visitor, { limits: { fileBytes: 1000, totalBytes: 100_000 } });
    expect(seen).toEqual([
      'small',
      ['file over the size limit', 'large'],
      ['file over the size limit', 'zeros'],
      ['archive that unpacks to too much', undefined],
    ]);
  });

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40)],
    ['no gzip', () => Buffer.from('no archive at all')],
    [
      'damaged inside',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 10 ? byte ^ 0xff : byte))),
    ],
    ['no tar', () => gzipSync(Buffer.alloc(2048, 'x'))],
    ['empty', () => Buffer.alloc(0)],
  ])('%s: counted once, nothing is made of it, the others are read', async (_, damage) => {
    const noise = Buffer.from(Array.from({ length: 4000 }, (_, at) => ((at * 7919 * at) % 251) + 1));
    const archive = tarGz([
      { path: 'abc/after/a.js', content: 'x' },
      { path: 'abc/after/b.js', content: noise.toString('latin1') },
    ]);
    addStatement('CVE-1', [['abc', REPOSITORY]], damage(archive));
    addStatement('CVE-2', [['def', REPOSITORY]], tarGz([{ path: 'def/after/c.js', content: 'y' }]));
    const { units, tally } = await read();
    expect(units).toHaveLength(1);
    expect(units[0]!.files).toEqual([{ path: 'c.js', before: undefined, after: 'y' }]);
    expect(tally['archive that is damaged']).toBe(1);
  });
});
