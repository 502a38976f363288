/** @file The steps of the Dockerfile without Docker, and the CI workflow of examples/, both with the package as it is built. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseDockerfile } from '../support/dockerfile.ts';
import { TestRepository } from '../support/git-repository.ts';
import { writeTinyRun } from '../support/tiny-adapter.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vultune-packaging-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (name: string) => readFileSync(join(REPOSITORY, name), 'utf8');

function run(command: string, argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, argv, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, VULTUNE_CACHE: join(folder, 'cache'), ...env },
  });
  return { code: status, stdout, stderr };
}

test('what the Dockerfile copies is enough to build, and what its image copies to run', () => {
  const [build, final] = parseDockerfile(read('Dockerfile'));
  const [builds, image] = [join(folder, 'build'), join(folder, 'image')];
  for (const [into, stage] of [
    [builds, build!],
    [image, final!],
  ] as const) {
    mkdirSync(into);
    symlinkSync(join(REPOSITORY, 'node_modules'), join(into, 'node_modules'));
    for (const { from, sources } of stage.copies) {
      for (const source of sources.map((one) => one.replace('/vultune/', ''))) {
        if (source === 'node_modules') continue;
        cpSync(join(from === undefined ? REPOSITORY : builds, source), join(into, source), {
          recursive: true,
        });
      }
    }
    if (stage === build) expect(run('npm', ['run', '--silent', 'build'], builds)).toMatchObject({ code: 0 });
  }
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const bin = join(image, 'bin', 'vultune.js');
  expect(run(process.execPath, [bin, '--version'], folder)).toMatchObject({
    code: 0,
    stdout: `${version}\n`,
  });
});

test('the workflow of examples/ci-scan.yml runs as it is written', async () => {
  await writeTinyRun(folder, { settings: { threshold: 0 } });
  const repository = new TestRepository(join(folder, 'checkout'));
  repository.write('src/a.js', 'function first(a) {\n  return eval(a);\n}\n');
  repository.git('add', '.');
  repository.git('commit', '--quiet', '--message', 'first');
  repository.git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  repository.write('src/b.js', 'function second(a) {\n  return eval(a);\n}\n');
  const path = join(folder, 'path');
  mkdirSync(path);
  writeFileSync(
    join(path, 'vultune'),
    `#!/bin/sh\nexec node '${join(REPOSITORY, 'bin', 'vultune.js')}' "$@"\n`,
  );
  chmodSync(join(path, 'vultune'), 0o755);
  const { steps } = (
    parse(read('examples/ci-scan.yml')) as { jobs: { scan: { steps: { if?: string; run?: string }[] } } }
  ).jobs.scan;
  const step = (event: string) => {
    const script = steps.find(
      ({ if: when, run: line }) => line !== undefined && when?.includes(`'${event}'`),
    )!.run!;
    const env = { PATH: `${path}:${process.env.PATH}`, RUN: '../run' };
    return run(
      'bash',
      ['-e', '-c', script.replace(/\$\{\{ github\.base_ref \}\}/, 'main')],
      repository.path,
      env,
    );
  };
  const pull = step('pull_request');
  expect(pull.stdout).toMatch(/::(warning|notice) file=src\/b\.js/);
  expect(pull.stdout).not.toContain('src/a.js');
  expect(pull.code).toBe(1);
  expect(step('push')).toMatchObject({ code: 0 });
  const sarif = JSON.parse(readFileSync(join(repository.path, 'vultune.sarif'), 'utf8')) as {
    runs: { results: unknown[] }[];
  };
  expect(sarif.runs[0]!.results).toHaveLength(2);
});
