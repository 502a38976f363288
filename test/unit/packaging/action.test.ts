/** @file action.yml: a composite action by our schema, and its shell steps as a runner runs them, on a tiny run. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REPOSITORY, readAction, runStep, type StepOptions, shellSteps } from '../../support/action-file.ts';
import { TestRepository } from '../../support/git-repository.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let workspace = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-action-')));
  workspace = join(folder, 'workspace');
  mkdirSync(workspace);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const LOADER = join(REPOSITORY, 'test/support/typescript-loader.mjs');
const [install, scan] = shellSteps() as [ReturnType<typeof shellSteps>[0], ReturnType<typeof shellSteps>[0]];

describe('action.yml', () => {
  test('is a composite action whose every input is used, and every used one declared', () => {
    const action = readAction();
    const text = readFileSync(join(REPOSITORY, 'action.yml'), 'utf8');
    const used = [...text.matchAll(/\$\{\{ inputs\.([\w-]+) \}\}/g)].map(([, name]) => name!);
    expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  test('its outputs are those that its steps write', () => {
    for (const [name, { value }] of Object.entries(readAction().outputs)) {
      const [, id, output] = /^\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}$/.exec(value)!;
      expect(output).toBe(name);
      expect(shellSteps().find((step) => step.id === id)!.run).toContain(`'${name}=%s\\n'`);
    }
  });

  test('a script holds no expression: what a pull request names is data, not shell', () => {
    for (const { run } of shellSteps()) {
      expect(run).not.toContain('${{');
      expect(run).toMatch(/^set -euo pipefail\n/);
    }
  });

  test('a script uses only variables that are set', () => {
    for (const { run, env } of shellSteps()) {
      const used = [...run.matchAll(/\$\{?([A-Z_]{2,})/g)].map(([, name]) => name!);
      const known = [...Object.keys(env), 'GITHUB_OUTPUT', 'GITHUB_WORKSPACE'];
      expect(used.filter((name) => !known.includes(name))).toEqual([]);
    }
  });
});

test('the install step installs what is locked, and builds, in the folder of the action', () => {
  const log = join(folder, 'log');
  chmodSync(put('bin/npm', `#!/bin/sh\necho "$PWD $*" >> '${log}'\n`), 0o755);
  const result = runStep(install, {
    workspace,
    actionPath: folder,
    env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  });
  expect(result).toMatchObject({ code: 0, output: '' });
  expect(readFileSync(log, 'utf8')).toBe(`${folder} ci --no-audit --no-fund\n${folder} run build\n`);
});

describe('the scan step', () => {
  /** The executable out of the sources: tests do not need a build. */
  const actionPath = () => {
    put('action/bin/vultune.js', `await import(${JSON.stringify(join(REPOSITORY, 'src/cli/main.ts'))});\n`);
    put('action/package.json', '{"type": "module"}');
    return join(folder, 'action');
  };
  const step = (options: Partial<StepOptions> = {}) =>
    runStep(scan, {
      workspace,
      actionPath: actionPath(),
      // Its worker threads need the loader too.
      env: { VULTUNE_CACHE: join(folder, 'cache'), NODE_OPTIONS: `--import ${LOADER}` },
      ...options,
    });
  const CODE = (name: string) => `function ${name}(a) {\n  return eval(a);\n}\n`;
  const results = (file: string) =>
    (JSON.parse(readFileSync(join(workspace, file), 'utf8')) as { runs: { results: object[] }[] }).runs[0]!
      .results;

  test('without vultune.yaml the whole repository is scanned: SARIF, annotations, a code of 1', async () => {
    await writeTinyRun(folder, { settings: { threshold: 0 } });
    put('workspace/src/a.js', CODE('first'));
    put('workspace/lib/b c.js', CODE('second'));
    const all = step({ inputs: { run: '../run' } });
    expect(all).toMatchObject({ code: 1, output: 'sarif=vultune.sarif\n' });
    expect(all.stdout).toMatch(/::(warning|notice) file=src\/a\.js/);
    expect(results('vultune.sarif')).toHaveLength(2);

    const some = step({
      inputs: { run: '../run', paths: 'lib/b c.js\n', sarif: 'x.sarif', 'fail-on': 'none' },
    });
    expect(some).toMatchObject({ code: 0, output: 'sarif=x.sarif\n' });
    expect(results('x.sarif')).toHaveLength(1);
  });

  test('vultune.yaml says the rest, unless settings are none', async () => {
    await writeTinyRun(folder, { settings: { threshold: 0 } });
    put('workspace/src/a.js', CODE('first'));
    put('workspace/lib/b.js', CODE('second'));
    put('workspace/vultune.yaml', 'run: ../run\nexclude: [lib]\nfail_on: none\n');
    expect(step()).toMatchObject({ code: 0 });
    expect(results('vultune.sarif')).toHaveLength(1);
    expect(step({ inputs: { run: '../run', settings: 'none' } })).toMatchObject({ code: 1 });
    expect(results('vultune.sarif')).toHaveLength(2);
  });

  test('diff and baseline; a name with shell in it is a name', async () => {
    await writeTinyRun(folder, { settings: { threshold: 0 } });
    const repository = new TestRepository(workspace);
    repository.write('a.js', CODE('first'));
    repository.git('add', '.');
    repository.git('commit', '--quiet', '--message', 'first');
    put('workspace/b.js', CODE('second'));
    expect(step({ inputs: { run: '../run', diff: 'HEAD' } })).toMatchObject({ code: 1 });
    expect(results('vultune.sarif')).toHaveLength(1);
    const missing = step({ inputs: { run: '../run', baseline: '$(touch hacked)' } });
    expect(missing.code).toBe(2);
    expect(missing.output).toBe('');
    expect(missing.stderr).toContain('$(touch hacked)');
    expect(() => readFileSync(join(workspace, 'hacked'))).toThrow();
  });
});
