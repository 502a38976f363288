import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Notices } from '../../../src/scan/walk/notices.ts';
import { pathFilter } from '../../../src/scan/walk/path-filter.ts';
import { readSource } from '../../../src/scan/walk/read-source.ts';
import { Repositories } from '../../../src/scan/walk/repositories.ts';
import { walkTree } from '../../../src/scan/walk/walk-tree.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-walk-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(...names: readonly string[]): void {
  for (const name of names) putText(name, 'x');
}

function putText(name: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

interface Walk {
  readonly paths?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly respectGitignore?: boolean;
  readonly includeTests?: boolean;
}

async function walk({
  paths = ['.'],
  include = [],
  exclude = [],
  respectGitignore = true,
  includeTests = false,
}: Walk = {}) {
  const notices = new Notices();
  const { signal } = new AbortController();
  const repositories = new Repositories(notices, signal);
  const files = await walkTree(paths, {
    filter: pathFilter(include, exclude),
    respectGitignore,
    includeTests,
    currentFolder: root,
    notices,
    repositories,
    signal,
  });
  await repositories.close();
  return { names: files.map(({ path }) => relative(root, path)), noticed: notices.list() };
}

async function walkFrom(currentFolder: string): Promise<string[]> {
  const notices = new Notices();
  const { signal } = new AbortController();
  const repositories = new Repositories(notices, signal);
  const files = await walkTree(['.'], {
    filter: pathFilter([], []),
    respectGitignore: true,
    includeTests: false,
    currentFolder,
    notices,
    repositories,
    signal,
  });
  await repositories.close();
  return files.map(({ path }) => path);
}

describe('what stands beside the code that a project ships', () => {
  const files = [
    'src/app.js',
    'src/app.test.js',
    'test/a.js',
    'tests/b.py',
    'src/main/java/org/example/demo/App.java',
    'src/test/java/org/x/AppTest.java',
    'fuzz/f.c',
    'vendor/v.go',
    'lib/third_party/z.c',
    'benchmarks/b.rs',
    'examples/e.py',
    'src/vendored-name.js',
  ];

  test('is counted by reason, not scanned', async () => {
    put(...files);
    const { names, noticed } = await walk();
    expect(names).toEqual(['src/app.js', 'src/main/java/org/example/demo/App.java', 'src/vendored-name.js']);
    expect(noticed.map(({ reason, count }) => [reason, count])).toEqual([
      ['benchmark code', 1],
      ['example code', 1],
      ['fuzzing code', 1],
      ['test code', 4],
      ['vendored code', 2],
    ]);
  });

  test('is scanned when asked for, or named', async () => {
    put(...files);
    expect((await walk({ includeTests: true })).names).toHaveLength(files.length);
    expect((await walk({ paths: ['test'] })).names).toEqual(['test/a.js']);
    expect((await walk({ paths: ['src/app.test.js'] })).names).toEqual(['src/app.test.js']);
    put('test/unit/deep.test.js');
    expect((await walk({ paths: ['test/unit'] })).names).toEqual(['test/unit/deep.test.js']);
  });

  test('folders above what is scanned say nothing', async () => {
    put('test/project/src/a.js', 'test/project/test/b.js');
    const inner = await walkFrom(join(root, 'test/project'));
    expect(inner).toEqual([join(root, 'test/project/src/a.js')]);
  });
});

describe('which files', () => {
  test('sources of known languages, in the order of names, without packages and the history', async () => {
    put('b.ts', 'a/z.js', 'a/README.md', 'node_modules/m/i.js', '.git/x.js', '.github/s.js', 'types.d.ts');
    expect((await walk()).names).toEqual(['.github/s.js', 'a/z.js', 'b.ts']);
    expect((await walk({ paths: ['node_modules'] })).names).toEqual(['node_modules/m/i.js']);
  });

  test('each once, whatever paths lead to it', async () => {
    put('a/x.js', 'a/y.js');
    expect((await walk({ paths: ['a/y.js', 'a', '.', 'a/../a'] })).names).toEqual(['a/y.js', 'a/x.js']);
  });

  test('nested .gitignore files: the nearest has the last word', async () => {
    put('a.js', 'build/b.js', 'lib/build/c.js', 'lib/keep.gen.js', 'lib/drop.gen.js', 'other/drop.gen.js');
    putText('.gitignore', '/build/\n*.gen.js\n');
    putText('lib/.gitignore', '!keep.gen.js\n');
    expect((await walk()).names).toEqual(['a.js', 'lib/build/c.js', 'lib/keep.gen.js']);
    expect((await walk({ respectGitignore: false })).names).toHaveLength(6);
    // What is asked for by name is wanted.
    expect((await walk({ paths: ['build', 'other/drop.gen.js'] })).names).toEqual([
      'build/b.js',
      'other/drop.gen.js',
    ]);
  });

  test("a folder of a repository: the repository's files above it hold too", async () => {
    put('pkg/a.js', 'pkg/a.gen.js', 'pkg/local.js');
    putText('.gitignore', '*.gen.js\n');
    putText('.git/info/exclude', 'local.js\n');
    expect((await walk({ paths: ['pkg'] })).names).toEqual(['pkg/a.js']);
  });

  test.each<[string, Walk, readonly string[]]>([
    ['a name anywhere', { include: ['*.ts'] }, ['a/x.ts', 'b/x.ts']],
    ['a folder', { include: ['a'] }, ['a/x/deep.js', 'a/x.js', 'a/x.ts']],
    ['a path from the current folder', { paths: ['a'], include: ['a/*.js'] }, ['a/x.js']],
    ['a path from the folder that is scanned', { paths: ['a'], include: ['x/**'] }, ['a/x/deep.js']],
    ['exclude goes before', { include: ['a'], exclude: ['*.ts', 'x/'] }, ['a/x.js']],
    [
      'exclude holds for files that are named',
      { paths: ['a/x.js', 'b/x.ts'], exclude: ['a/**'] },
      ['b/x.ts'],
    ],
  ])('globs: %s', async (_, options, expected) => {
    put('a/x.js', 'a/x.ts', 'a/x/deep.js', 'b/x.ts');
    expect((await walk(options)).names).toEqual(expected);
  });

  test('symbolic links are counted, not followed: no loop, nothing twice', async () => {
    put('a/x.js');
    symlinkSync(join(root, 'a'), join(root, 'a/loop'));
    symlinkSync(join(root, 'a/x.js'), join(root, 'a/y.js'));
    symlinkSync(join(root, 'nowhere.js'), join(root, 'a/z.js'));
    symlinkSync(join(root, 'nowhere'), join(root, 'a/nothing'));
    symlinkSync(join(root, 'a'), join(root, 'node_modules'));
    expect(await walk()).toEqual({
      names: ['a/x.js'],
      noticed: [expect.objectContaining({ reason: 'symbolic link', count: 3 })],
    });
    expect((await walk({ paths: ['a/loop'] })).names).toEqual(['a/x.js']);
  });

  test.skipIf(process.getuid?.() === 0)('folders that may not be read are counted', async () => {
    put('a/x.js', 'b/y.js');
    chmodSync(join(root, 'a'), 0);
    expect(await walk()).toEqual({
      names: ['b/y.js'],
      noticed: [expect.objectContaining({ reason: 'unreadable' })],
    });
    chmodSync(join(root, 'a'), 0o700);
  });

  test('a file of an unknown language is counted where it was named', async () => {
    put('a.md', 'b.md');
    expect((await walk({ paths: ['a.md'] })).noticed).toMatchObject([
      { reason: 'unknown language', count: 1 },
    ]);
    expect((await walk()).noticed).toEqual([]);
  });

  test('a path that is not there', async () => {
    await expect(walk({ paths: ['nothing'] })).rejects.toEqual(
      expect.objectContaining({ code: 'SCAN_PATH_MISSING' }),
    );
  });

  test('examples are few however many there are', async () => {
    const notices = new Notices();
    for (let i = 0; i < 1000; i++) notices.add('binary', `f${i}`);
    expect(notices.list()).toMatchObject([{ count: 1000, examples: { length: 5 } }]);
  });
});

describe('what is in a file', () => {
  const read = async (text: string | Uint8Array) => {
    putText('f.js', text);
    return await readSource(join(root, 'f.js'));
  };

  test('text and a fingerprint of its bytes', async () => {
    const first = await read('let ä = 1;\r\n');
    expect(first).toMatchObject({ text: 'let ä = 1;\r\n', notes: [] });
    expect(await read('let ä = 1;\r\n')).toEqual(first);
    expect(await read('let ä = 2;\r\n')).not.toMatchObject({
      contentHash: 'contentHash' in first ? first.contentHash : '',
    });
    expect(await read('\ufefflet a')).toMatchObject({ text: 'let a', notes: [] });
  });

  test.each<[string, Uint8Array, object]>([
    ['binary', Buffer.from([0x66, 0, 1, 2]), { skipped: 'binary' }],
    ['Latin-1', Buffer.from('caf\xe9', 'latin1'), { text: 'caf\ufffd', notes: ['not UTF-8'] }],
    ['UTF-16', Buffer.from('\ufefflet a', 'utf16le'), { text: 'let a', notes: ['not UTF-8'] }],
    ['empty', Buffer.alloc(0), { text: '', notes: [] }],
  ])('%s', async (_, bytes, expected) => {
    expect(await read(bytes)).toMatchObject(expected);
  });

  test('50 MB are not read', async () => {
    putText('f.js', 'x');
    truncateSync(join(root, 'f.js'), 50_000_000);
    expect(await readSource(join(root, 'f.js'))).toEqual({ skipped: 'too large' });
  });

  test('a folder in its place, nothing in its place', async () => {
    expect(await readSource(root)).toHaveProperty('skipped');
    expect(await readSource(join(root, 'gone.js'))).toEqual({ skipped: 'unreadable' });
  });

  test.skipIf(process.platform !== 'linux')(
    'a file that grows while it is read is read to its end, and that is said',
    async () => {
      // The kernel makes these up while they are read: their size is 0, their contents are not.
      const text = await readSource('/proc/self/status');
      expect(text).toMatchObject({ notes: ['changed while read'] });
      expect('text' in text && text.text).toContain('VmRSS');
    },
  );
});
