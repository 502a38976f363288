import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locateRepository } from '../../../src/git/locate-repository.ts';
import { compareWithCommit } from '../../../src/scan/diff/compare-with-commit.ts';
import { Notices } from '../../../src/scan/walk/notices.ts';
import { pathFilter } from '../../../src/scan/walk/path-filter.ts';
import { Repositories } from '../../../src/scan/walk/repositories.ts';
import { walkTree } from '../../../src/scan/walk/walk-tree.ts';
import { TestRepository } from '../../support/git-repository.ts';

let root = '';
let repository: TestRepository;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-compare-')));
  repository = new TestRepository(join(root, 'a'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Changed files with what they were, and the reasons of what was noticed. */
async function compare(revision = 'HEAD', paths: readonly string[] = ['a']) {
  const notices = new Notices();
  const { signal } = new AbortController();
  const repositories = new Repositories(notices, signal);
  try {
    const files = await walkTree(paths, {
      filter: pathFilter([], []),
      respectGitignore: true,
      includeTests: false,
      currentFolder: root,
      notices,
      repositories,
      signal,
    });
    const place = locateRepository(join(root, paths[0]!))!;
    const given = files.map(({ path }) => path);
    const diff = await compareWithCommit(given, place, revision, { repositories, notices, signal });
    const changed: Record<string, string | null> = {};
    for (const path of given.filter(diff.isChanged)) {
      changed[relative(root, path)] = (await diff.earlierText(path)) ?? null;
    }
    return { changed, noticed: notices.list().map(({ reason, count }) => `${reason} ${count}`) };
  } finally {
    await repositories.close();
  }
}

const LONG = (line: string) => `${Array.from({ length: 20 }, (_, i) => `call${i}();`).join('\n')}\n${line}\n`;

function addSubmodule(): TestRepository {
  const origin = new TestRepository(join(root, 'origin'));
  origin.commit('first', { 'src/s.js': 'one();\n', 'src/same.js': 'same();\n' });
  repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin.path, 'sm');
  repository.commit('with a submodule');
  const submodule = new TestRepository(join(root, 'a', 'sm'));
  return submodule;
}

describe('a repository', () => {
  test('changed, new and renamed files; an index that says "unchanged" is not believed', async () => {
    repository.commit('first', {
      'same.js': 'same();\n',
      'edited.js': 'one();\n',
      'hidden.js': 'one();\n',
      'old/name.js': LONG('one();'),
      'gone.js': 'gone();\n',
    });
    repository.git('update-index', '--assume-unchanged', 'hidden.js');
    repository.git('mv', 'old/name.js', 'renamed.js');
    repository.remove('gone.js');
    repository.write('renamed.js', LONG('two();'));
    repository.write('edited.js', 'two();\n');
    repository.write('hidden.js', 'two();\n');
    repository.write('new.js', 'new();\n');
    expect(await compare()).toEqual({
      changed: {
        'a/edited.js': 'one();\n',
        'a/hidden.js': 'one();\n',
        'a/new.js': null,
        'a/renamed.js': LONG('one();'),
      },
      noticed: [],
    });
  });

  test.each([
    ['the commit has line feeds', 'one();\ntwo();\n', 'one();\r\ntwo();\r\n'],
    ['nothing', 'one();\r\n', 'one();\r\n'],
  ])('line ends that git converts at checkout change nothing: %s', async (_, before, after) => {
    repository.commit('first', { 'a.js': before });
    repository.write('a.js', after);
    expect((await compare()).changed).toEqual({});
  });

  test('a branch, a tag, an abbreviated hash and a remote branch are commits; an option is not', async () => {
    const first = repository.commit('first', { 'a.js': 'one();\n' });
    repository.git('tag', '-m', 'tag', 'v1');
    repository.git('update-ref', 'refs/remotes/origin/main', first);
    repository.git('pack-refs', '--all');
    repository.commit('second', { 'a.js': 'two();\n' });
    for (const revision of ['HEAD~1', 'v1', first.slice(0, 10), 'origin/main', 'main^', 'HEAD@{1}']) {
      expect((await compare(revision)).changed, revision).toEqual({ 'a/a.js': 'one();\n' });
    }
    for (const revision of ['no-such', '--output=/tmp/x', 'HEAD:a.js']) {
      await expect(compare(revision)).rejects.toEqual(expect.objectContaining({ code: 'SCAN_DIFF_BASE' }));
    }
  });

  test('of SHA-256, a linked work tree, and one in a folder of a strange name', async () => {
    const strange = new TestRepository(join(root, 'ü "x"\n\\ y'));
    rmSync(join(strange.path, '.git'), { recursive: true });
    strange.git('init', '--quiet', '--initial-branch=main', '--object-format=sha256');
    strange.commit('first', { 'a.js': 'one();\n', 'same.js': 'same();\n' });
    strange.git('worktree', 'add', '--quiet', '../linked');
    for (const folder of [relative(root, strange.path), 'linked']) {
      writeFileSync(join(root, folder, 'a.js'), 'two();\n');
      expect((await compare('HEAD', [folder])).changed).toEqual({ [`${folder}/a.js`]: 'one();\n' });
    }
  });

  test('that lacks what a file was says so, and takes its functions as new', async () => {
    repository.commit('first', { 'a.js': 'one();\n' });
    const id = repository.git('rev-parse', 'HEAD:a.js');
    rmSync(join(repository.path, '.git/objects', id.slice(0, 2), id.slice(2)));
    repository.write('a.js', 'two();\n');
    expect(await compare()).toEqual({ changed: { 'a/a.js': null }, noticed: ['earlier version missing 1'] });
  });

  test('takes a file that was a link as new; a file outside of it is named', async () => {
    repository.write('target.js', 'one();\n');
    symlinkSync('target.js', join(repository.path, 'a.js'));
    repository.commit('first');
    rmSync(join(repository.path, 'a.js'));
    repository.write('a.js', 'two();\n');
    writeFileSync(join(root, 'outside.js'), 'x();\n');
    expect(await compare('HEAD', ['a', 'outside.js'])).toEqual({
      changed: { 'a/a.js': null },
      noticed: ['outside the repository 1'],
    });
  });

  test('cloned in part is compared by what is here, and nothing is fetched', async () => {
    repository.commit('first', { 'a.js': 'one();\n', 'b.js': 'same();\n' });
    const url = pathToFileURL(repository.path).href;
    repository.git('clone', '--quiet', '--filter=blob:none', url, '../partial');
    rmSync(repository.path, { recursive: true });
    writeFileSync(join(root, 'partial/a.js'), 'two();\n');
    expect((await compare('HEAD', ['partial'])).changed).toEqual({ 'partial/a.js': 'one();\n' });
  });
});

describe('a repository within', () => {
  test('as a submodule: against the commit that is recorded, before and after it has a commit of its own', async () => {
    const submodule = addSubmodule();
    submodule.write('src/s.js', 'two();\n');
    submodule.write('src/new.js', 'new();\n');
    const changed = { 'a/sm/src/s.js': 'one();\n', 'a/sm/src/new.js': null };
    expect(await compare()).toEqual({ changed, noticed: [] });
    submodule.commit('bump');
    expect(await compare()).toEqual({ changed, noticed: [] });
    expect(await compare('HEAD', ['a/sm'])).toEqual({ changed: {}, noticed: [] });
  });

  test('as a submodule without that commit: all is new, and that is said', async () => {
    const submodule = addSubmodule();
    rmSync(join(repository.path, '.git/modules/sm'), { recursive: true });
    rmSync(join(submodule.path, '.git'));
    new TestRepository(submodule.path).commit('another history');
    const { changed, noticed } = await compare();
    expect(Object.keys(changed)).toEqual(['a/sm/src/s.js', 'a/sm/src/same.js']);
    expect(noticed).toEqual(['submodule without its commit 1']);
  });

  test('that nobody tracks is new as a whole; within it too', async () => {
    repository.commit('first', { 'a.js': 'one();\n' });
    new TestRepository(join(root, 'a/vendor2')).commit('inner', { 'v.js': 'v();\n' });
    new TestRepository(join(root, 'a/vendor2/deep')).commit('inner', { 'w.js': 'w();\n' });
    expect((await compare()).changed).toEqual({ 'a/vendor2/v.js': null, 'a/vendor2/deep/w.js': null });
  });
});
