/** @file `vultune report`: run folders → a page, or TensorBoard's files. */
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { collectRun } from '../../report/run/collect-run.ts';
import { comparisonPage } from '../../report/run/comparison-report.ts';
import { runReportPage } from '../../report/run/run-report.ts';
import { writeTensorboard } from '../../report/tensorboard/write-tensorboard.ts';
import type { RunPaths, WritableRun } from '../../runs/run-folder.ts';
import type { ReportRequest } from '../commands/report.ts';
import type { CliContext } from '../context.ts';
import type { Terminal } from '../display/terminal.ts';

export async function reportStage(
  { runs: given, out, tensorboard }: ReportRequest,
  { signal, stdout }: CliContext,
): Promise<void> {
  const dirs = [...new Set(given.map((dir) => resolve(dir)))];
  if (tensorboard !== undefined) {
    const names = shortNames(dirs);
    for (const [i, dir] of dirs.entries()) {
      stdout.write(`${writeTensorboard(dir, join(tensorboard, names[i]!))}\n`);
    }
    return;
  }
  const [only] = dirs;
  if (dirs.length === 1) {
    const path = out ?? join(only!, 'report.html');
    writeFileAtomic(path, runReportPage(await collectRun(only!, { signal })));
    stdout.write(`${path}\n`);
    return;
  }
  const names = shortNames(dirs);
  const runs = [];
  for (const [i, dir] of dirs.entries()) {
    signal.throwIfAborted();
    runs.push(await collectRun(dir, { signal, name: names[i] }));
  }
  const path = out ?? 'report.html';
  writeFileAtomic(path, comparisonPage(runs));
  stdout.write(`${path}\n`);
}

/** The page that a run leaves when it ends. */
export async function writeRunReport(
  dir: string,
  paths: RunPaths,
  status: 'finished' | 'interrupted',
): Promise<void> {
  // The lock is still held while the last files are written, so the folder looks like a run in progress.
  writeFileAtomic(paths.report, runReportPage({ ...(await collectRun(dir)), status }));
}

/** The page of what was trained so far; a stop is a stop, with or without it. */
export async function reportInterrupted(
  { dir, paths }: Pick<WritableRun, 'dir' | 'paths'>,
  stderr: Terminal,
): Promise<void> {
  try {
    await writeRunReport(dir, paths, 'interrupted');
    stderr.write(`what was trained so far: ${paths.report}\n`);
  } catch (error) {
    stderr.write(`note: no report.html: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** The last name of each folder, with as many above it as tell them all apart. */
export function shortNames(dirs: readonly string[]): string[] {
  const parts = dirs.map((dir) => dir.split(/[\\/]/));
  const deepest = Math.max(...parts.map(({ length }) => length));
  for (let depth = 1; depth < deepest; depth++) {
    const names = parts.map((all) => all.slice(-depth).join('/'));
    if (new Set(names).size === names.length) return names;
  }
  return [...dirs];
}
