#!/usr/bin/env node
/**
 * @file The Python environment with PyTorch + Transformers + PEFT at pinned versions, under .venv/ of the project.
 * Run it (`node tools/python-env.mjs`) or import `ensurePythonEnv`. Nothing in src/ may need it: only proofs of
 * parity and benchmarks do.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const toolsFolder = dirname(fileURLToPath(import.meta.url));
const requirementsFile = join(toolsFolder, 'requirements.txt');
const cudaLibrariesFile = join(toolsFolder, 'requirements-cuda-libraries.txt');
const venvFolder = resolve(toolsFolder, '..', '.venv');
const stampFile = join(venvFolder, 'vultune-requirements.sha256');
const onWindows = process.platform === 'win32';
const venvPython = onWindows ? join(venvFolder, 'Scripts', 'python.exe') : join(venvFolder, 'bin', 'python');
const oldestPython = [3, 11];

/** A failure that the reader can act on; printed without a stack. */
export class PythonEnvError extends Error {}

/**
 * Makes .venv/ hold exactly what the requirements say, or finds that it already does (then it takes milliseconds).
 * An interrupted installation is continued by the next call.
 * @returns {string} path of the environment's Python
 * @throws {PythonEnvError} without a fitting python3, or when pip fails
 */
export function ensurePythonEnv() {
  const base = findPython();
  const wanted = fingerprint(base.version);
  if (isComplete(wanted)) return venvPython;

  say(
    `Python environment in ${venvFolder} (Python ${base.version}); about 2.5 GB to download on Linux, once`,
  );
  if (!existsSync(venvPython) || versionOf(venvPython) !== base.version) {
    rmSync(venvFolder, { recursive: true, force: true });
    run(base.command, ['-m', 'venv', venvFolder], 'make a virtual environment', hintForVenv());
  }
  say('1/3 torch, transformers, peft and what they import');
  pipInstall(requirementsFile);
  if (torchIsCudaBuild()) {
    say('2/3 this torch is a CUDA build: the libraries it links to');
    pipInstall(cudaLibrariesFile);
  } else {
    say('2/3 this torch is a CPU build: nothing more to fetch');
  }
  say('3/3 checking that everything imports');
  run(
    venvPython,
    ['-c', 'import torch, transformers, peft, gguf, sklearn; print(torch.__version__)'],
    'import torch',
  );
  writeFileSync(stampFile, wanted);
  say('Python environment ready');
  return venvPython;
}

function findPython() {
  const candidates = process.env.PYTHON
    ? [process.env.PYTHON]
    : onWindows
      ? ['python', 'py']
      : ['python3', 'python'];
  const tooOld = [];
  for (const command of candidates) {
    const version = versionOf(command);
    if (version === undefined) continue;
    const [major, minor] = version.split('.').map(Number);
    if (major === oldestPython[0] && minor >= oldestPython[1]) return { command, version };
    tooOld.push(`${command} is ${version}`);
  }
  const found = tooOld.length > 0 ? tooOld.join(', ') : `none of ${candidates.join(', ')} runs`;
  throw new PythonEnvError(
    `Python ${oldestPython.join('.')} or later is needed to compare with PyTorch; ${found}.\n` +
      'Install it (Debian: apt install python3 python3-venv), or name one: PYTHON=/path/to/python3. Vultune itself does not need it.',
  );
}

function versionOf(command) {
  const result = spawnSync(command, ['-c', 'import platform; print(platform.python_version())'], {
    encoding: 'utf8',
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Changes when a requirement, the Python or the platform does. */
function fingerprint(pythonVersion) {
  const hash = createHash('sha256').update(`${pythonVersion} ${process.platform} ${process.arch}\n`);
  for (const file of [requirementsFile, cudaLibrariesFile]) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function isComplete(wanted) {
  return existsSync(venvPython) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted;
}

function pipInstall(file) {
  const flags = ['install', '--no-deps', '--disable-pip-version-check', '-r', file];
  run(
    venvPython,
    ['-m', 'pip', ...flags],
    `install ${file}`,
    'Is a package registry reachable (pip config list)?',
  );
}

/** torch itself cannot be asked: a CUDA build without its libraries does not import. */
function torchIsCudaBuild() {
  const roots = onWindows
    ? [join(venvFolder, 'Lib')]
    : readdirSync(join(venvFolder, 'lib')).map((name) => join(venvFolder, 'lib', name));
  for (const root of roots) {
    const versionFile = join(root, 'site-packages', 'torch', 'version.py');
    if (existsSync(versionFile)) return /^cuda\b[^=]*=\s*['"]/m.test(readFileSync(versionFile, 'utf8'));
  }
  throw new PythonEnvError(`torch was installed but is not under ${venvFolder}.`);
}

function run(command, args, purpose, hint = '') {
  const result = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (result.status === 0) return;
  const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  throw new PythonEnvError(`Could not ${purpose}: ${reason}.\n${hint}`.trim());
}

function hintForVenv() {
  return `On Debian and Ubuntu the module is a package of its own: apt install python3-venv.`;
}

/** Progress goes to stderr: callers keep stdout for results. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${ensurePythonEnv()}\n`);
  } catch (error) {
    if (!(error instanceof PythonEnvError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
