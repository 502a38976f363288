import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openFixList, openOneRepository } from '../../../../src/dataset/sources/git/open-git.ts';
import { TestRepository } from '../../../support/git-repository.ts';
import { readSource } from '../../../support/read-source.ts';

const LINES = Array.from({ length: 20 }, (_, i) => `  step(${i});`).join('\n');
const wide = (call: string) => `function wide() {\n${LINES}\n  ${call}\n}\n`;

let folder: string;
let cacheDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-git-'));
  cacheDir = join(folder, 'cache');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (value: string) => expect.objectContaining({ code: value });

test('a folder in the place of a list of fixes: the hint reads it as one repository', async () => {
  await expect(openFixList('git', folder, {})).rejects.toMatchObject({
    code: 'SOURCE_LOCATION',
    hint: expect.stringContaining(`vultune data build git --repository ${folder} --fixes`),
  });
});

/** A list of (repository, commit) and what it gives. */
async function readList(
  rows: readonly (readonly [string, string, string?])[],
  options: Record<string, unknown> = {},
) {
  const list = join(folder, 'fixes.csv');
  const lines = rows.map(([repository, commit, cve = '']) => `${repository},${commit},${cve},CWE-79`);
  writeFileSync(list, ['repository,fix_commit,cve,cwe', ...lines, ''].join('\n'));
  return await readSource(await openFixList('git', list, options), cacheDir);
}

describe('one repository', () => {
  let made: string;
  let path: string;
  const commits: Record<string, string> = {};
  beforeAll(() => {
    made = mkdtempSync(join(tmpdir(), 'vultune-git-repository-'));
    path = join(made, 'shop');
    const inner = new TestRepository(join(made, 'inner'));
    inner.commit('inner', { 'inner.js': 'inner();\n' });
    const repository = new TestRepository(path);
    const commit = (name: string, files: Record<string, string | Uint8Array> = {}) => {
      commits[name] = repository.commit(name, files);
    };
    commit('root', { 'a.js': 'one();\r\ntwo();\r\n', 'b.js': wide('old();'), 'gone.js': 'gone();\n' });
    commit('two fixes', { 'a.js': 'one(1);\r\ntwo();\r\n', 'sub/new.ts': 'fresh();\n', 'notes.txt': 'x' });
    repository.git('mv', 'b.js', 'moved.js');
    commit('rename', { 'moved.js': wide('changed();') });
    repository.git('mv', 'moved.js', 'again.js');
    commit('pure rename');
    repository.remove('gone.js');
    commit('delete');
    commit('latin', { 'a.js': Buffer.from('// caf\xe9\none(2);\n', 'latin1') });
    commit('binary and large', {
      'bin.js': Buffer.from([1, 0, 2]),
      'large.js': 'x'.repeat(5000),
      'bom.js': '\ufeffx();',
    });
    chmodSync(join(path, 'bom.js'), 0o755);
    commit('mode');
    symlinkSync('a.js', join(path, 'link.js'));
    repository.git(
      '-c',
      'protocol.file.allow=always',
      'submodule',
      'add',
      '--quiet',
      join(made, 'inner'),
      'lib.js',
    );
    commit('link and submodule');
    repository.git('checkout', '--quiet', '-b', 'side', 'HEAD~1');
    commit('side', { 'side.js': 'side();\n' });
    repository.git('checkout', '--quiet', 'main');
    repository.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'side');
    commits.merge = repository.git('rev-parse', 'HEAD');
    commit('odd names', { 'a b\té.js': 'odd();\n', ':100644.js': 'colon();\n' });
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  const read = (name: string, options = {}) => readList([[path, commits[name]!]], options);
  const filesOf = async (name: string, options = {}) => {
    const { units, left } = await read(name, options);
    return { files: units.flatMap((unit) => unit.files), left };
  };

  test('facts: project, whole hash, day, CVE and CWE; one unit for rows of the same commit', async () => {
    const hash = commits.rename!;
    const { units, left } = await readList([
      [path, hash.slice(0, 12), 'CVE-2020-1'],
      [`${path}/`, hash, 'CVE-2020-2'],
    ]);
    expect(units.map((unit) => unit.facts)).toEqual([
      {
        project: 'shop',
        commit: hash,
        date: '2020-01-03',
        cve: ['CVE-2020-1', 'CVE-2020-2'],
        cwe: ['CWE-79'],
      },
    ]);
    expect(units[0]!.key).toContain(hash);
    expect(units[0]!.key).not.toContain(made);
    expect(left).toEqual({ 'list: same commit again': 1 });
  });

  test('line ends stay; an added file has no before; other files are counted', async () => {
    expect(await filesOf('two fixes')).toEqual({
      files: [
        { path: 'a.js', before: 'one();\r\ntwo();\r\n', after: 'one(1);\r\ntwo();\r\n' },
        { path: 'sub/new.ts', before: undefined, after: 'fresh();\n' },
      ],
      left: { 'file that is not source code': 1 },
    });
  });

  test('the first commit adds everything', async () => {
    const { files } = await filesOf('root');
    expect(files.map((file) => [file.path, file.before])).toEqual([
      ['a.js', undefined],
      ['b.js', undefined],
      ['gone.js', undefined],
    ]);
  });

  test('a renamed file with its old place; renamed alone it is counted', async () => {
    expect((await filesOf('rename')).files).toEqual([
      { path: 'moved.js', pathBefore: 'b.js', before: wide('old();'), after: wide('changed();') },
    ]);
    expect(await filesOf('pure rename')).toEqual({ files: [], left: { 'file renamed without a change': 1 } });
  });

  test('a deleted file has no after', async () => {
    expect((await filesOf('delete')).files).toEqual([
      { path: 'gone.js', before: 'gone();\n', after: undefined },
    ]);
  });

  test('Latin-1 is read and counted', async () => {
    expect(await filesOf('latin')).toEqual({
      files: [{ path: 'a.js', before: 'one(1);\r\ntwo();\r\n', after: '// café\none(2);\n' }],
      left: { 'not UTF-8, read as Latin-1 (kept)': 1 },
    });
  });

  test('binary and large files are counted, and the next file is read right', async () => {
    expect(await filesOf('binary and large', { maxFileSize: 1000 })).toEqual({
      files: [{ path: 'bom.js', before: undefined, after: 'x();' }],
      left: { 'binary file': 1, 'file over the size limit': 1 },
    });
  });

  test('modes, links and submodules are no text', async () => {
    expect(await filesOf('mode')).toEqual({ files: [], left: { 'only the mode of a file changed': 1 } });
    const { files, left } = await filesOf('link and submodule');
    expect(files).toEqual([]);
    expect(left).toEqual({ 'file that is not source code': 1, 'symbolic link': 1, submodule: 1 });
  });

  test('a merge is counted, or compared with its first parent', async () => {
    expect(await read('merge', { merges: 'skip' })).toEqual({ units: [], left: { 'merge commit': 1 } });
    const { files } = await filesOf('merge', { merges: 'first-parent' });
    expect(files).toEqual([{ path: 'side.js', before: undefined, after: 'side();\n' }]);
  });

  test('paths as they are', async () => {
    const { files } = await filesOf('odd names');
    expect(files.map((file) => file.path).sort()).toEqual([':100644.js', 'a b\té.js']);
  });

  test('a commit that is not there is counted', async () => {
    const { units, left } = await readList([
      [path, 'f'.repeat(40)],
      [path, commits.delete!],
    ]);
    expect(units).toHaveLength(1);
    expect(left).toEqual({ 'commit not in the repository': 1 });
  });

  test('a shallow clone: the oldest commit has no parent to compare with', async () => {
    const shallow = join(folder, 'shallow');
    execFileSync('git', ['clone', '--quiet', '--depth=1', pathToFileURL(path).href, shallow], {
      stdio: 'pipe',
    });
    const { units, left } = await readList([[shallow, commits['odd names']!]]);
    expect(units).toEqual([]);
    expect(left).toEqual({ "commit's parent not in the repository (shallow clone)": 1 });
  });

  test('commits by what their messages say', async () => {
    const repository = new TestRepository(join(folder, 'own'));
    repository.commit('start', { 'a.js': 'a();\n' });
    const fix = repository.commit('Fix CVE-2021-12345 (cwe-79)', { 'a.js': 'a(1);\n' });
    repository.commit('unrelated', { 'a.js': 'a(2);\n' });
    const source = openOneRepository('git', { repository: repository.path, fixes: 'cve-|security fix' });
    const { units } = await readSource(source, cacheDir);
    expect(units.map(({ facts }) => facts)).toEqual([
      { project: 'own', commit: fix, date: '2020-01-02', cve: ['CVE-2021-12345'], cwe: ['CWE-79'] },
    ]);
    expect(units[0]!.files).toEqual([{ path: 'a.js', before: 'a();\n', after: 'a(1);\n' }]);
  });

  test('a remote one is cloned without contents, once, and gives the same', async () => {
    const url = pathToFileURL(path).href;
    const wanted = ['two fixes', 'rename', 'latin'].map((name) => [url, commits[name]!] as const);
    const local = await readList(wanted.map(([, hash]) => [path, hash]));
    const remote = await readList(wanted);
    const contents = (result: typeof local) => result.units.map((unit) => unit.files);
    expect(contents(remote)).toEqual(contents(local));
    const [clone] = readdirSync(join(cacheDir, 'repositories'));
    const cloned = join(cacheDir, 'repositories', clone!);
    // Only what these commits changed is there, in one pack beside the clone's own.
    const packs = readdirSync(join(cloned, 'objects', 'pack')).filter((name) => name.endsWith('.pack'));
    expect(packs).toHaveLength(2);
    const fetched = readFileSync(join(cloned, 'vultune-fetched'), 'utf8').split('\n');
    expect(fetched).toHaveLength(6);
    writeFileSync(join(cloned, 'mine'), '');
    expect(contents(await readList(wanted))).toEqual(contents(local));
    expect(existsSync(join(cloned, 'mine'))).toBe(true);
    expect(readdirSync(join(cloned, 'objects', 'pack')).filter((name) => name.endsWith('.pack'))).toEqual(
      packs,
    );
  });

  test('several repositories at once, in the order of the list', async () => {
    const rows = Array.from({ length: 7 }, (_, i) => {
      const repository = new TestRepository(join(folder, `r${i}`));
      repository.commit('start', { 'a.js': 'a();\n' });
      return [repository.path, repository.commit('fix', { 'a.js': `a(${i});\n` })] as const;
    });
    for (const clones of ['1', '4']) {
      const { units } = await readList(rows, { clones });
      expect(units.map((unit) => unit.files[0]?.after)).toEqual(rows.map((_row, i) => `a(${i});\n`));
    }
  });

  test('a repository that cannot be cloned is counted, and the others are read', async () => {
    const nowhere = pathToFileURL(join(folder, 'nowhere')).href;
    const { units, left } = await readList([
      [nowhere, commits.delete!],
      [join(folder, 'missing'), commits.delete!],
      [path, commits.delete!],
    ]);
    expect(units).toHaveLength(1);
    expect(left).toEqual({
      'repository cannot be read (GIT_CLONE_FAILED)': 1,
      'repository cannot be read (GIT_REPOSITORY_MISSING)': 1,
    });
    expect(readdirSync(join(cacheDir, 'repositories'))).toEqual([]);
    await expect(readList([[nowhere, commits.delete!]])).rejects.toEqual(code('GIT_CLONE_FAILED'));
  });
});
