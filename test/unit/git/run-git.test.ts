import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ByteQueue } from '../../../src/git/byte-queue.ts';
import { repositoryAt } from '../../../src/git/locate-repository.ts';
import { RepositoryView } from '../../../src/git/repository-view.ts';
import { runGit, startGit } from '../../../src/git/run-git.ts';
import { TestRepository } from '../../support/git-repository.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-run-git-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A git that does what a shell line says. */
function fakeGit(line: string): void {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/git'), `#!/bin/sh\n${line}\n`);
  chmodSync(join(folder, 'bin/git'), 0o755);
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env.PATH}`);
}

const code = (value: string) => expect.objectContaining({ code: value });

describe.skipIf(process.platform === 'win32')('git', () => {
  test('that does not end is ended, at the limit or at the signal', async () => {
    fakeGit('exec sleep 600');
    await expect(runGit(['x'], { path: folder }, { limitMs: 50 })).rejects.toEqual(code('GIT_TIMEOUT'));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 50);
    await expect(runGit(['x'], { path: folder }, { signal: stop.signal })).rejects.toThrow('stopped');
  });

  test('that does not listen is killed', async () => {
    fakeGit("trap '' TERM\nwhile :; do sleep 1; done");
    await expect(runGit(['x'], { path: folder }, { limitMs: 50 })).rejects.toEqual(code('GIT_TIMEOUT'));
  });

  test('that says too much is an error, not a shorter answer', async () => {
    fakeGit('exec yes');
    const running = runGit(['x'], { path: folder }, { mostOutput: 100_000 });
    await expect(running).rejects.toEqual(code('GIT_OUTPUT_TOO_LARGE'));
  });

  test('that lives long and falls silent is ended', async () => {
    fakeGit('exec sleep 600');
    const queue = new ByteQueue(startGit(['x'], { path: folder }), 'x', undefined, 50);
    await expect(queue.takeUntil(10)).rejects.toEqual(code('GIT_TIMEOUT'));
  });

  test('that is not there is said', async () => {
    vi.stubEnv('PATH', '');
    await expect(runGit(['x'], { path: folder })).rejects.toEqual(code('GIT_MISSING'));
  });
});

test('a view reads settings as data, writes nothing into the repository, and leaves nothing behind', async () => {
  const repository = new TestRepository(join(folder, 'r'));
  const commit = repository.commit('first', { 'a.js': 'a();\n' });
  repository.git('config', 'core.ignoreCase', 'true');
  repository.git('config', 'include.path', '/no/such/file');
  const before = readdirSync(join(repository.path, '.git'), { recursive: true });
  const view = await RepositoryView.open(repositoryAt(repository.path)!);
  expect(view.settings.get('core.ignorecase')).toBe('true');
  expect(await view.commitOf('main')).toBe(commit);
  expect([...((await view.trackedFiles()) ?? [])]).toMatchObject([['a.js', { kind: 'file' }]]);
  await view.run(['hash-object', '-w', '--stdin'], { input: 'new' });
  expect(readdirSync(join(repository.path, '.git'), { recursive: true })).toEqual(before);
  view.close();
  expect(readdirSync(tmpdir())).not.toContain(view.folder.path.slice(tmpdir().length + 1));
});
