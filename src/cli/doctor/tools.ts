/** @file The tools and folders Vultune leans on: versions of packages, Python and pip, caches and their sizes. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const TIMEOUT_MS = 10_000;

/** First line of what a program says; undefined where it is missing or fails. */
export function firstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    // `python -m pip` takes a pip.py out of the current folder, and that may be somebody's repository.
    const options = { timeout: TIMEOUT_MS, cwd: dirname(process.execPath) };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      // Python 2 and some wrappers print their version on stderr.
      const text = `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
      resolve(error === null && text !== '' ? text : undefined);
    });
  });
}

export interface Python {
  readonly command: string;
  readonly version: string;
  readonly pip: string | undefined;
}

export async function findPython(): Promise<Python | undefined> {
  for (const command of process.platform === 'win32' ? ['py', 'python'] : ['python3', 'python']) {
    const version = await firstLine(command, ['--version']);
    if (version === undefined) continue;
    const pip = await firstLine(command, ['-m', 'pip', '--version']);
    return { command, version: version.replace(/^Python /, ''), pip: /^pip (\S+)/.exec(pip ?? '')?.[1] };
  }
  return undefined;
}

/** The installed version of a package; undefined where it is not installed. */
export function packageVersion(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(join(folder, name, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // not in this node_modules: the next one up
    }
  }
  return undefined;
}

/** The size of all files below `path`, links not followed; undefined where the folder does not exist. */
export async function folderSizeBytes(path: string): Promise<number | undefined> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return undefined;
  let total = 0;
  for (const entry of entries) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) total += (await folderSizeBytes(child)) ?? 0;
    else if (entry.isFile())
      total += await lstat(child).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return total;
}
