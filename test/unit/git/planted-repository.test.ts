import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandRegistry } from '../../../src/cli/registry.ts';
import { cliCase } from '../../support/cli-case.ts';
import { PlantedRepository } from '../../support/planted-repository.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

/** A command that takes longer hangs: it is interrupted, and the test names it when that does not end it either. */
const COMMAND_MS = 30_000;
vi.setConfig({ testTimeout: COMMAND_MS + 5_000 });

const COMMANDS = commandRegistry('0.0.0').flatMap(({ commands }) => commands);

let folder = '';
let run = '';
let planted: PlantedRepository;
const started = process.cwd();
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-planted-')));
  run = await writeTinyRun(folder);
  planted = new PlantedRepository(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

async function vultune(...argv: string[]) {
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
  // As a user would, inside the repository.
  process.chdir(planted.path);
  try {
    return await cliCase(COMMANDS, argv, { signal: AbortSignal.timeout(COMMAND_MS) });
  } finally {
    process.chdir(started);
  }
}

describe('of a repository that names commands everywhere, nothing is run', () => {
  test.each(['text', 'json', 'sarif', 'html', 'github'])('by a scan as %s', async (format) => {
    const { stderr, stdout } = await vultune('scan', run, '.', '--format', format);
    expect(stdout, stderr).not.toBe('');
    expect(planted.ran()).toEqual([]);
  });

  test('by a scan of what changed, which finds changed, renamed and submodule files', async () => {
    const { stdout, stderr } = await vultune('scan', run, '.', '--diff', 'HEAD', '--format', 'json');
    const { changed } = JSON.parse(stdout || stderr) as { changed: { file: string; scoreBefore: unknown }[] };
    const found = changed.map(({ file, scoreBefore }) => `${file} ${typeof scoreBefore}`);
    expect(found.toSorted()).toEqual(['a.js number', 'kept.js number', 'sub/s.js number']);
    expect(planted.ran()).toEqual([]);
  });

  test.each([
    ['a path', () => planted.path],
    ['a file: address', () => pathToFileURL(planted.path).href],
  ])('by a dataset built out of %s', async (_, address) => {
    const out = mkdtempSync(join(folder, 'out-'));
    const argv = ['git', '--repository', address(), '--fixes', 'fix', '--min-tokens', '1', '--out', out];
    const { exitCode, stdout, stderr } = await vultune('data', 'build', ...argv);
    expect([exitCode, `${stdout}${stderr}`]).toEqual([0, expect.any(String)]);
    expect(planted.ran()).toEqual([]);
  });

  test.each<[string, readonly string[]]>([
    ['doctor', ['doctor', '--json']],
    ['predict', ['predict', 'RUN', 'a.js']],
    ['lines', ['lines', 'RUN']],
    ['report', ['report', 'RUN']],
    ['evaluate', ['evaluate', 'RUN']],
    ['train', ['train', '--dry-run', 'no-such.yaml']],
  ])('by %s', async (_, argv) => {
    await vultune(...argv.map((argument) => (argument === 'RUN' ? run : argument)));
    expect(planted.ran()).toEqual([]);
  });
});

test('the commands that were planted would run: git runs them when it is asked here itself', () => {
  for (const args of [['status'], ['diff', 'HEAD'], ['add', '--all']]) {
    try {
      execFileSync('git', args, { cwd: planted.path, stdio: 'ignore' });
    } catch {
      // The commands fail on purpose.
    }
  }
  const ran = planted.ran().join(' ');
  for (const kind of ['core.fsmonitor', 'filter.evil.']) expect(ran).toContain(kind);
});
