/** @file Writes the report of runs: one page, several runs side by side, or TensorBoard's event files. */
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { collectRun } from '../../report/run/collect-run.ts';
import { comparisonPage } from '../../report/run/comparison-report.ts';
import { runReportPage } from '../../report/run/run-report.ts';
import { writeTensorboard } from '../../report/tensorboard/write-tensorboard.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';

export interface ReportOptions {
  /** Run folders. */
  readonly runs: readonly string[];
  /** Default: report.html in the run; with several runs, in the working folder. */
  readonly out?: string;
  /** Write TensorBoard event files here, one folder per run, instead of a page. */
  readonly tensorboard?: string;
}

/** @returns the files that were written. @throws VultuneError `RUN_MISSING` and the like */
export async function writeReport(
  { runs: given, out, tensorboard }: ReportOptions,
  context?: Partial<WorkflowContext>,
): Promise<readonly string[]> {
  const { signal } = workflowContext(context);
  const dirs = [...new Set(given.map((dir) => resolve(dir)))];
  if (tensorboard !== undefined) {
    const names = shortNames(dirs);
    return dirs.map((dir, i) => writeTensorboard(dir, join(tensorboard, names[i]!)));
  }
  const [only] = dirs;
  if (dirs.length === 1) {
    const path = out ?? join(only!, 'report.html');
    writeFileAtomic(path, runReportPage(await collectRun(only!, { signal })));
    return [path];
  }
  const names = shortNames(dirs);
  const runs = [];
  for (const [i, dir] of dirs.entries()) {
    signal.throwIfAborted();
    runs.push(await collectRun(dir, { signal, name: names[i] }));
  }
  const path = out ?? 'report.html';
  writeFileAtomic(path, comparisonPage(runs));
  return [path];
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
