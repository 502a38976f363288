import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Notices } from '../../../src/scan/walk/notices.ts';
import { pathFilter } from '../../../src/scan/walk/path-filter.ts';
import { Repositories } from '../../../src/scan/walk/repositories.ts';
import { walkTree } from '../../../src/scan/walk/walk-tree.ts';
import { TestRepository } from '../../support/git-repository.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-walk-')));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

function put(...names: readonly string[]): void {
  for (const name of names) putText(name, 'x();\n');
}

function putText(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

/** Names of files, and of what was left out by reason. */
async function walk(...paths: string[]) {
  const notices = new Notices();
  const { signal } = new AbortController();
  const repositories = new Repositories(notices, signal);
  const files = await walkTree(paths.length === 0 ? ['.'] : paths, {
    filter: pathFilter([], []),
    respectGitignore: true,
    includeTests: true,
    currentFolder: root,
    notices,
    repositories,
    signal,
  });
  await repositories.close();
  const noticed = notices.list((path) => relative(root, path));
  return {
    names: files.map(({ path }) => relative(root, path)),
    noticed: noticed.map(({ reason, count, examples }) => [reason, count, examples]),
  };
}

describe('what git tracks', () => {
  test('is scanned whatever .gitignore says; what it does not is counted, folder by folder', async () => {
    const repository = new TestRepository(root);
    put('dist/kept.js', 'dist/deep/kept.js', 'src/a.gen.js', 'src/b.js');
    repository.git('add', '--all');
    putText('.gitignore', 'dist/\n*.gen.js\n');
    put('dist/new.js', 'dist/other/new.js', 'src/new.gen.js', 'dist/notes.md');
    expect(await walk()).toEqual({
      names: ['dist/deep/kept.js', 'dist/kept.js', 'src/a.gen.js', 'src/b.js'],
      noticed: [['ignored', 3, ['dist/new.js', 'dist/other/new.js', 'src/new.gen.js']]],
    });
  });

  test.each([
    [false, ['debug/trace.js', 'src/api.gen.js']],
    [true, []],
  ])('letter case is as git has it (core.ignoreCase %s)', async (ignoreCase, names) => {
    const repository = new TestRepository(root);
    repository.git('config', 'core.ignoreCase', String(ignoreCase));
    putText('.gitignore', 'Debug/\n*.Gen.js\n');
    put('debug/trace.js', 'src/api.gen.js');
    expect((await walk()).names).toEqual(names);
    if (ignoreCase)
      expect((await walk()).noticed).toEqual([['ignored', 2, ['debug/trace.js', 'src/api.gen.js']]]);
  });

  test('is not known without git, and that is said', async () => {
    const repository = new TestRepository(root);
    put('a.js');
    repository.git('add', '--all');
    putText('.gitignore', 'a.js\n');
    put('b.js');
    vi.stubEnv('PATH', '');
    expect(await walk()).toEqual({
      names: ['b.js'],
      noticed: [
        ['ignored', 1, ['a.js']],
        ['index not read', 1, ['']],
      ],
    });
  });

  test('is read from an index that is split, and one of the fourth version', async () => {
    const repository = new TestRepository(root);
    put('a.js');
    repository.git('add', '--all');
    putText('.gitignore', '*.js\n');
    for (const option of ['--split-index', '--index-version=4']) {
      repository.git('update-index', option);
      expect((await walk()).names).toEqual(['a.js']);
    }
  });

  test('a damaged index is said, and .gitignore decides', async () => {
    new TestRepository(root);
    put('a.js', 'b.js');
    putText('.gitignore', 'b.js\n');
    putText('.git/index', 'no index');
    expect(await walk()).toMatchObject({
      names: ['a.js'],
      noticed: [
        ['ignored', 1, ['b.js']],
        ['index not read', 1, ['']],
      ],
    });
  });
});

describe('repositories within the tree', () => {
  test('are scanned by their own rules', async () => {
    const outer = new TestRepository(root);
    putText('.gitignore', '*.gen.js\n/hidden/\n');
    put('a.js');
    outer.commit('outer');
    for (const name of ['vendor', 'hidden']) {
      const inner = new TestRepository(join(root, name));
      inner.commit('inner', { 'own.gen.js': 'x();\n', 'dropped.js': 'x();\n' });
      inner.git('rm', '-q', '--cached', 'dropped.js');
      inner.write('.gitignore', 'dropped.js\n');
    }
    expect(await walk()).toEqual({
      names: ['a.js', 'vendor/own.gen.js'],
      noticed: [['ignored', 3, ['hidden/dropped.js', 'hidden/own.gen.js', 'vendor/dropped.js']]],
    });
  });

  test('a submodule is scanned, or named where it is not checked out', async () => {
    const inner = new TestRepository(join(root, 'origin'));
    inner.commit('inner', { 's.js': 'x();\n' });
    const outer = new TestRepository(join(root, 'outer'));
    for (const name of ['here', 'absent']) {
      outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.path, name);
    }
    outer.commit('outer');
    outer.git('submodule', '--quiet', 'deinit', '--force', 'absent');
    expect(await walk('outer')).toEqual({
      names: ['outer/here/s.js'],
      noticed: [['submodule', 1, ['outer/absent']]],
    });
  });

  test('a linked work tree reads info/exclude of its repository', async () => {
    const main = new TestRepository(join(root, 'main'));
    main.commit('first', { 'a.js': 'x();\n' });
    main.write('.git/info/exclude', 'local.js\n');
    main.git('worktree', 'add', '--quiet', '../linked');
    put('linked/local.js');
    expect(await walk('linked')).toMatchObject({
      names: ['linked/a.js'],
      noticed: [['ignored', 1, ['linked/local.js']]],
    });
  });

  test('a path below an ignored folder is scanned where it is what was asked for', async () => {
    new TestRepository(root);
    putText('.gitignore', '/build/\n');
    put('build/sub/a.js');
    expect((await walk('build')).names).toEqual(['build/sub/a.js']);
    expect((await walk('build/sub')).names).toEqual(['build/sub/a.js']);
  });
});

describe('what else is left out', () => {
  test('is counted: packages, and programs in languages that no functions are taken out of', async () => {
    put('node_modules/m/i.js', 'a.js', 'b.swift', 'c.lua', 'README.md');
    expect(await walk()).toEqual({
      names: ['a.js'],
      noticed: [
        ['package folder', 1, ['node_modules']],
        ['unknown language', 2, ['b.swift', 'c.lua']],
      ],
    });
  });

  test.skipIf(process.platform === 'win32')(
    'a pipe is counted, and hangs nothing where git keeps its files',
    async () => {
      new TestRepository(root);
      put('a.js');
      rmSync(join(root, '.git/config'));
      mkdirSync(join(root, '.git/info'), { recursive: true });
      rmSync(join(root, '.git/info/exclude'), { force: true });
      for (const name of [
        'pipe.js',
        '.gitignore',
        '.git/config',
        '.git/index',
        '.git/info/exclude',
        '.git/packed-refs',
      ]) {
        execFileSync('mkfifo', [join(root, name)]);
      }
      expect(await walk()).toEqual({
        names: ['a.js'],
        noticed: [
          ['index not read', 1, ['']],
          ['not a file', 1, ['pipe.js']],
        ],
      });
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'names with line feeds are taken, those that are not UTF-8 are counted',
    async () => {
      new TestRepository(root);
      put('a\nb.js');
      writeFileSync(
        Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9]), Buffer.from('.js')]),
        'x',
      );
      mkdirSync(Buffer.concat([Buffer.from(`${root}/d`), Buffer.from([0xe9])]));
      expect(await walk()).toMatchObject({
        names: ['a\nb.js', 'caf\ufffd.js'],
        noticed: [['unreadable', 1, ['d\ufffd']]],
      });
    },
  );

  test('folders may be as deep as the system lets them', async () => {
    const deep = Array.from({ length: 400 }, () => 'd').join('/');
    put(`${deep}/a.js`);
    expect((await walk()).names).toEqual([`${deep}/a.js`]);
  });
});
