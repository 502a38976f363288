/**
 * @file The Python that PyTorch trains in: a virtual environment of Vultune's own with pinned packages, made once and reused; or
 * whichever VULTUNE_PYTHON names.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { vultuneCacheDir } from '../checkpoint/sources/package-cache.ts';
import { jsonOrUndefined } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import { PYTHON_FOLDER } from './plan-folder.ts';

export const PYTHON_VARIABLE = 'VULTUNE_PYTHON';
const REQUIREMENTS = join(PYTHON_FOLDER, 'requirements.txt');
/** Beside the environment, when it is whole: the fingerprint of what was installed. */
const STAMP = 'vultune-requirements.sha256';
const OLDEST = [3, 11] as const;

export interface EnvironmentPlace {
  /** Folder of Vultune's caches; default: VULTUNE_CACHE, else the system's. */
  readonly cacheDir?: string | undefined;
  /** Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const folderOf = ({ cacheDir }: EnvironmentPlace) => join(vultuneCacheDir(cacheDir), 'torch');

const pythonIn = (folder: string) =>
  process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');

const fingerprint = () => createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');

const isWhole = (folder: string) =>
  existsSync(pythonIn(folder)) &&
  existsSync(join(folder, STAMP)) &&
  readFileSync(join(folder, STAMP), 'utf8') === fingerprint();

/** The Python to train with; undefined where `vultune torch setup` has not been run. */
export function findTorchPython(place: EnvironmentPlace = {}): string | undefined {
  const named = (place.env ?? process.env)[PYTHON_VARIABLE];
  if (named !== undefined && named !== '') return named;
  const folder = folderOf(place);
  return isWhole(folder) ? pythonIn(folder) : undefined;
}

/** @throws VultuneError `TORCH_ENVIRONMENT_MISSING`, also where VULTUNE_PYTHON is a path of nothing */
export function requireTorchPython(place: EnvironmentPlace = {}): string {
  const python = findTorchPython(place);
  // A bare name is looked up by the system.
  if (python !== undefined && (basename(python) === python || existsSync(python))) return python;
  if (python !== undefined) {
    throw new VultuneError(
      'TORCH_ENVIRONMENT_MISSING',
      `${PYTHON_VARIABLE} names ${python}, which is not there`,
      {
        hint: `Name a Python that has PyTorch, or unset ${PYTHON_VARIABLE} and run \`vultune torch setup\`.`,
      },
    );
  }
  throw new VultuneError(
    'TORCH_ENVIRONMENT_MISSING',
    `found no Python environment with PyTorch in ${folderOf(place)}`,
    {
      hint: `Make one with \`vultune torch setup\`, or name the Python of your own in ${PYTHON_VARIABLE}.`,
    },
  );
}

export interface SetupOptions extends EnvironmentPlace {
  readonly signal: AbortSignal;
  /** What the installer says, a line at a time. */
  readonly onLine?: (line: string) => void;
}

export interface SetupResult {
  readonly python: string;
  /** Whether it was there already. */
  readonly isReused: boolean;
}

/**
 * Makes the environment, with uv where it is installed, else with venv and pip; one that is whole is left as it is.
 * @throws VultuneError `TORCH_PYTHON_MISSING`, `TORCH_SETUP_FAILED`
 */
export async function setUpTorch(options: SetupOptions): Promise<SetupResult> {
  const folder = folderOf(options);
  const python = pythonIn(folder);
  if (isWhole(folder)) return { python, isReused: true };
  const hasUv = (await run(['uv', '--version'], options)).code === 0;
  if (hasUv) {
    const wanted = `>=${OLDEST.join('.')}`;
    await must(['uv', 'venv', '--allow-existing', '--python', wanted, folder], options);
    await must(['uv', 'pip', 'install', '--python', python, '-r', REQUIREMENTS], options);
  } else {
    const base = await findBase(options);
    await must([base, '-m', 'venv', folder], options);
    await must([python, '-m', 'pip', 'install', '--disable-pip-version-check', '-r', REQUIREMENTS], options);
  }
  await must([python, '-c', 'import torch, transformers, peft, safetensors'], options);
  writeFileAtomic(join(folder, STAMP), fingerprint());
  return { python, isReused: false };
}

async function findBase(options: SetupOptions): Promise<string> {
  const found: string[] = [];
  const asks = 'import sys; print(*sys.version_info[:2])';
  for (const command of process.platform === 'win32' ? ['py', 'python'] : ['python3', 'python']) {
    const { code, output } = await run([command, '-c', asks], options);
    if (code !== 0) continue;
    const [major = 0, minor = 0] = output.trim().split(' ').map(Number);
    if (major === OLDEST[0] && minor >= OLDEST[1]) return command;
    found.push(`${command} is ${major}.${minor}`);
  }
  throw new VultuneError(
    'TORCH_PYTHON_MISSING',
    `Python ${OLDEST.join('.')} or later is needed; ${found.length === 0 ? 'found none' : found.join(', ')}`,
    { hint: 'Install it with its venv module (Debian: apt install python3 python3-venv), or install uv.' },
  );
}

async function must(command: readonly [string, ...string[]], options: SetupOptions): Promise<void> {
  const { code, output } = await run(command, options);
  options.signal.throwIfAborted();
  if (code === 0) return;
  const last = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-4);
  throw new VultuneError(
    'TORCH_SETUP_FAILED',
    `${command.slice(0, 4).join(' ')} failed: ${last.join('; ')}`,
    {
      hint: 'Is a package registry reachable (pip config list), and is there room on the disk (about 3 GB)?',
      exitCode: 1,
    },
  );
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

const MOST_OUTPUT = 1 << 20;

/** Gives code 127 where the program is missing. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  { signal, onLine }: Pick<SetupOptions, 'signal' | 'onLine'>,
): Promise<Outcome> {
  return new Promise((resolve) => {
    // `python -m` takes modules out of the current folder, and that may be somebody's repository.
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: dirname(process.execPath),
      signal,
    });
    let output = '';
    const hear = (text: string) => {
      output = (output + text).slice(-MOST_OUTPUT);
      for (const line of text.split('\n')) if (line.trim() !== '') onLine?.(line);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.on('error', () => resolve({ code: 127, output }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

const reportSchema = z.object({
  python: z.string(),
  torch: z.string(),
  transformers: z.string().nullable(),
  peft: z.string().nullable(),
  cuda: z.string().nullable(),
  devices: z.array(z.object({ name: z.string(), memoryBytes: z.number() })),
  bf16: z.boolean(),
  flashAttention: z.string().nullable(),
  bitsandbytes: z.string().nullable(),
});

/** What a Python says of its PyTorch. */
export type TorchReport = Readonly<z.output<typeof reportSchema>> & { readonly command: string };

const ASK = `
import importlib.metadata as m, json, platform
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
import torch
cuda = torch.cuda.is_available()
devices = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())] if cuda else []
print(json.dumps({
    'python': platform.python_version(), 'torch': torch.__version__, 'transformers': version('transformers'),
    'peft': version('peft'), 'cuda': torch.version.cuda if cuda else None,
    'devices': [{'name': d.name, 'memoryBytes': d.total_memory} for d in devices],
    'bf16': torch.cuda.is_bf16_supported() if cuda else False,
    'flashAttention': version('flash-attn'), 'bitsandbytes': version('bitsandbytes')}))
`;

/** Undefined where it has no torch, or cannot be run. */
export async function inspectTorch(python: string, signal: AbortSignal): Promise<TorchReport | undefined> {
  const { code, output } = await run([python, '-c', ASK], { signal });
  const line = output.split('\n').findLast((one) => one.startsWith('{'));
  const report = code === 0 && line !== undefined ? jsonOrUndefined(reportSchema, line) : undefined;
  return report && { ...report, command: python };
}
