import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openFixList, openOneRepository } from '../../../../src/dataset/sources/git/open-git.ts';
import { TestRepository } from '../../../support/git-repository.ts';
import { readSource } from '../../../support/read-source.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-hostile-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const code = (value: string) => expect.objectContaining({ code: value });
const readOne = (repository: string) =>
  readSource(openOneRepository('git', { repository, fixes: 'fix' }), join(folder, 'cache'));

test("nothing that a repository's own configuration names is run", async () => {
  const repository = new TestRepository(join(folder, 'evil'));
  repository.commit('start', { 'a.js': 'a();\n', '.gitattributes': '*.js diff=evil filter=evil\n' });
  repository.commit('fix', { 'a.js': 'a(1);\n' });
  const ran = join(folder, 'ran');
  const command = `sh -c "touch ${ran}"`;
  for (const key of [
    'core.fsmonitor',
    'core.sshCommand',
    'core.pager',
    'core.askPass',
    'diff.external',
    'diff.evil.command',
    'diff.evil.textconv',
    'filter.evil.smudge',
    'gpg.program',
    'credential.helper',
    'remote.origin.uploadpack',
  ]) {
    repository.git('config', key, command);
  }
  repository.git('config', 'log.showSignature', 'true');
  for (const key of ['protocol.ext.allow', 'protocol.file.allow', 'protocol.allow'])
    repository.git('config', key, 'always');
  const hooks = join(repository.path, '.git', 'hooks');
  mkdirSync(hooks, { recursive: true });
  for (const hook of ['post-checkout', 'reference-transaction', 'fsmonitor-watchman']) {
    writeFileSync(join(hooks, hook), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
  }
  // A partial clone of somewhere that runs a command, with the content of a file gone.
  const object = repository.git('rev-parse', 'HEAD~1:a.js');
  rmSync(join(repository.path, '.git', 'objects', object.slice(0, 2), object.slice(2)));
  repository.git('config', 'core.repositoryFormatVersion', '1');
  repository.git('config', 'extensions.partialClone', 'origin');
  repository.git('config', 'remote.origin.promisor', 'true');
  repository.git('config', 'remote.origin.url', `ext::${command}`);
  const { units, left } = await readOne(repository.path);
  expect(units[0]!.files).toEqual([]);
  expect(left).toMatchObject({ 'content of a file is missing': 1 });
  expect(existsSync(ran)).toBe(false);
});

test('a server on this disk does not fetch what it lacks with the commands that its configuration names', async () => {
  const repository = new TestRepository(join(folder, 'evil'));
  repository.commit('start', { 'a.js': 'a();\n' });
  repository.commit('fix', { 'a.js': 'a(1);\n' });
  const object = repository.git('rev-parse', 'HEAD~1:a.js');
  rmSync(join(repository.path, '.git', 'objects', object.slice(0, 2), object.slice(2)));
  const ran = join(folder, 'ran');
  for (const [key, value] of [
    ['core.repositoryFormatVersion', '1'],
    ['extensions.partialClone', 'origin'],
    ['remote.origin.promisor', 'true'],
    ['remote.origin.url', pathToFileURL(join(folder, 'elsewhere')).href],
    ['remote.origin.uploadpack', `touch ${ran};`],
  ] as const) {
    repository.git('config', key, value);
  }
  await expect(readOne(pathToFileURL(repository.path).href)).rejects.toEqual(code('GIT_FETCH_FAILED'));
  // A git of today fetches nothing there by itself; one from before 2024 would.
  expect(existsSync(ran)).toBe(false);
});

test("a surrounding git's folders do not lead astray", async () => {
  const repository = new TestRepository(join(folder, 'right'));
  repository.commit('start', { 'a.js': 'a();\n' });
  const fix = repository.commit('fix', { 'a.js': 'a(1);\n' });
  vi.stubEnv('GIT_DIR', join(folder, 'wrong'));
  vi.stubEnv('GIT_EXTERNAL_DIFF', 'touch x');
  expect((await readOne(repository.path)).units.map((unit) => unit.facts.commit)).toEqual([fix]);
});

test('a folder inside another repository is not that repository', async () => {
  const repository = new TestRepository(join(folder, 'outer'));
  repository.commit('fix', { 'inner/a.js': 'a();\n' });
  await expect(readOne(join(repository.path, 'inner'))).rejects.toEqual(code('GIT_REPOSITORY_MISSING'));
});

test('replaced objects and grafts change nothing', async () => {
  const repository = new TestRepository(join(folder, 'replaced'));
  repository.commit('start', { 'a.js': 'a();\n' });
  const fix = repository.commit('fix', { 'a.js': 'a(1);\n' });
  const other = repository.commit('other', { 'a.js': 'a(2);\n' });
  repository.git('replace', fix, other);
  const [unit] = (await readOne(repository.path)).units;
  expect(unit!.files).toEqual([{ path: 'a.js', before: 'a();\n', after: 'a(1);\n' }]);
});

test('a clone that was broken off is done again', async () => {
  const repository = new TestRepository(join(folder, 'remote'));
  repository.commit('start', { 'a.js': 'a();\n' });
  repository.commit('fix', { 'a.js': 'a(1);\n' });
  const url = pathToFileURL(repository.path).href;
  const stopped = new AbortController();
  stopped.abort(new Error('stopped'));
  const source = () => openOneRepository('git', { repository: url, fixes: 'fix' });
  await expect(readSource(source(), join(folder, 'cache'), stopped.signal)).rejects.toThrow('stopped');
  expect((await readSource(source(), join(folder, 'cache'))).units[0]!.files).toHaveLength(1);
});

test('a damaged object is counted, and the others are read', async () => {
  const repository = new TestRepository(join(folder, 'damaged'));
  repository.commit('start', { 'a.js': 'a();\n', 'b.js': 'b();\n' });
  repository.commit('fix', { 'a.js': 'a(1);\n', 'b.js': 'b(1);\n' });
  const damage = (name: string) => {
    const id = repository.git('rev-parse', name);
    const path = join(repository.path, '.git', 'objects', id.slice(0, 2), id.slice(2));
    rmSync(path);
    writeFileSync(path, 'no object');
  };
  damage('HEAD~1:a.js');
  const { units, left } = await readOne(repository.path);
  expect(units[0]!.files).toEqual([{ path: 'b.js', before: 'b();\n', after: 'b(1);\n' }]);
  expect(left).toEqual({ 'content of a file is missing': 1 });
  damage('HEAD~1^{tree}');
  expect(await readOne(repository.path)).toMatchObject({
    units: [{ files: [] }],
    left: { 'commit that git cannot read (damaged repository)': 1 },
  });
});

test('commits since the last build are found; leftovers of a killed one are removed', async () => {
  const repository = new TestRepository(join(folder, 'remote'));
  repository.commit('start', { 'a.js': 'a();\n' });
  repository.commit('fix 1', { 'a.js': 'a(1);\n' });
  const url = pathToFileURL(repository.path).href;
  expect((await readOne(url)).units).toHaveLength(1);
  repository.commit('fix 2', { 'a.js': 'a(2);\n' });
  expect((await readOne(url)).units).toHaveLength(2);
  const repositories = join(folder, 'cache', 'repositories');
  const [clone = ''] = readdirSync(repositories);
  rmSync(join(repositories, clone), { recursive: true });
  mkdirSync(join(repositories, `${clone}.999999999.tmp`));
  expect((await readOne(url)).units).toHaveLength(2);
  expect(readdirSync(repositories)).toEqual([clone]);
});

test('a commit that no branch holds any more is asked for by its id', async () => {
  const repository = new TestRepository(join(folder, 'remote'));
  repository.commit('start', { 'a.js': 'a();\n' });
  const url = pathToFileURL(repository.path).href;
  const fix = repository.commit('rewritten', { 'a.js': 'a(1);\n' });
  repository.git('reset', '--quiet', '--hard', 'HEAD~1');
  const list = join(folder, 'l.csv');
  writeFileSync(list, `repo,commit\n${url},${fix}\n`);
  const { units } = await readSource(await openFixList('git', list, {}), join(folder, 'cache'));
  expect(units[0]!.files).toEqual([{ path: 'a.js', before: 'a();\n', after: 'a(1);\n' }]);
});

test('no git: said so', async () => {
  const list = join(folder, 'l.csv');
  writeFileSync(list, `repo,commit\n${folder},${'a'.repeat(40)}\n`);
  mkdirSync(join(folder, '.git'));
  const source = await openFixList('git', list, {});
  vi.stubEnv('PATH', join(folder, 'empty'));
  await expect(readSource(source, folder)).rejects.toEqual(code('GIT_MISSING'));
});

test("a password in a list's address is neither printed nor kept", async () => {
  const list = join(folder, 'l.csv');
  writeFileSync(list, `repo,commit\nhttp://me:s3cret@127.0.0.1:9/o/n,${'a'.repeat(40)}\n`);
  const failure: unknown = await readSource(await openFixList('git', list, {}), folder).catch(
    (error: unknown) => error,
  );
  expect(failure).toEqual(code('GIT_CLONE_FAILED'));
  expect(JSON.stringify(failure) + String(failure)).not.toContain('s3cret');
  expect(readFileSync(list, 'utf8')).toContain('s3cret');
});
