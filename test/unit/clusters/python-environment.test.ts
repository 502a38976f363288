/** @file The Python of `train --engine torch`: where it is looked for, and how it is made; with programs that only pretend. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  findTorchPython,
  inspectTorch,
  requireTorchPython,
  setUpTorch,
} from '../../../src/clusters/python-environment.ts';

const { signal } = new AbortController();
let folder: string;
const path = process.env.PATH;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-python-'));
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

function program(file: string, script: string): string {
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A folder on PATH, before the system's own shell tools and without its Python and uv. */
function onPath(programs: Readonly<Record<string, string>>): string {
  const bin = join(folder, 'programs');
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(programs)) program(join(bin, name), script);
  process.env.PATH = bin;
  return join(folder, 'said');
}

/** A Python that makes a folder with a copy of itself for `-m venv`, and writes down what else it is asked. */
const PYTHON = (version: string) => `case "$1$2" in
-cimport\\ sys*) echo ${version};;
-mvenv) /bin/mkdir -p "$3/bin"; /bin/cp "$0" "$3/bin/python"; echo "venv" >> "$SAID";;
*) echo "$1 $2 $3" >> "$SAID";;
esac`;

describe('the Python of train --engine torch', () => {
  test('is the one that is named, else the environment of setup, else missing', () => {
    expect(findTorchPython({ env: { VULTUNE_PYTHON: '/x/python' } })).toBe('/x/python');
    expect(findTorchPython({ env: {}, cacheDir: folder })).toBeUndefined();
    expect(requireTorchPython({ env: { VULTUNE_PYTHON: 'python3' } })).toBe('python3');
    expect(() => requireTorchPython({ env: { VULTUNE_PYTHON: join(folder, 'gone/python') } })).toThrow(
      expect.objectContaining({ code: 'TORCH_ENVIRONMENT_MISSING' }),
    );
    expect(() => requireTorchPython({ env: {}, cacheDir: folder })).toThrow(
      /no Python environment with PyTorch/,
    );
  });

  test('setup makes it with venv and pip, once', async () => {
    const said = onPath({ python3: PYTHON('3 12') });
    process.env.SAID = said;
    const first = await setUpTorch({ signal, cacheDir: folder, env: {} });
    expect(first.isReused).toBe(false);
    expect(readFileSync(said, 'utf8')).toMatch(/^venv\n-m pip install\n-c import torch/);
    expect(findTorchPython({ env: {}, cacheDir: folder })).toBe(first.python);
    expect(await setUpTorch({ signal, cacheDir: folder, env: {} })).toEqual({ ...first, isReused: true });
    delete process.env.SAID;
  });

  test('with uv where it is installed', async () => {
    const said = onPath({
      uv: `echo "uv $1 $2" >> "${join(folder, 'said')}"; if [ "$1" = venv ]; then for last; do :; done; /bin/mkdir -p "$last/bin"; printf '#!/bin/sh\\n' > "$last/bin/python"; /bin/chmod +x "$last/bin/python"; fi`,
    });
    await setUpTorch({ signal, cacheDir: folder, env: {} });
    expect(readFileSync(said, 'utf8')).toMatch(/^uv --version \nuv venv --allow-existing\nuv pip install\n/);
  });

  test('a Python that is too old, none at all, and an installer that fails', async () => {
    onPath({ python3: 'echo 3 9' });
    await expect(setUpTorch({ signal, cacheDir: folder })).rejects.toMatchObject({
      code: 'TORCH_PYTHON_MISSING',
      message: 'Python 3.11 or later is needed; python3 is 3.9',
    });
    rmSync(join(folder, 'programs'), { recursive: true });
    onPath({});
    await expect(setUpTorch({ signal, cacheDir: folder })).rejects.toMatchObject({
      message: 'Python 3.11 or later is needed; found none',
    });
    onPath({ python3: 'case "$1" in -c) echo 3 12;; *) echo no room on the disk; exit 1;; esac' });
    await expect(setUpTorch({ signal, cacheDir: folder })).rejects.toMatchObject({
      code: 'TORCH_SETUP_FAILED',
      message: expect.stringContaining('no room on the disk'),
    });
  });

  test('what it says of itself; undefined for one without torch, or that says something else', async () => {
    const report = {
      python: '3.12.1',
      torch: '2.15.0',
      transformers: '5.23.0',
      peft: null,
      cuda: null,
      devices: [],
      bf16: false,
      flashAttention: null,
      bitsandbytes: null,
    };
    const good = program(join(folder, 'good'), `echo warning; echo '${JSON.stringify(report)}'`);
    expect(await inspectTorch(good, signal)).toEqual({ ...report, command: good });
    expect(await inspectTorch(program(join(folder, 'none'), 'exit 1'), signal)).toBeUndefined();
    expect(await inspectTorch(program(join(folder, 'odd'), `echo '{"torch": 1}'`), signal)).toBeUndefined();
    expect(await inspectTorch(join(folder, 'absent'), signal)).toBeUndefined();
  });
});
