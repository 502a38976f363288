/** @file report.html of one run, as a training writes it when it ends or is stopped. */
import { writeFileAtomic } from '../../base/files.ts';
import { collectRun } from '../../report/run/collect-run.ts';
import { runReportPage } from '../../report/run/run-report.ts';
import type { RunPaths, WritableRun } from '../../runs/run-folder.ts';
import type { Reporter } from '../context.ts';

/** The page that a run leaves when it ends. */
export async function writeRunReport(
  dir: string,
  paths: RunPaths,
  status: 'finished' | 'interrupted',
): Promise<void> {
  // The lock is still held while the last files are written, so the folder looks like a run in progress.
  writeFileAtomic(paths.report, runReportPage({ ...(await collectRun(dir)), status }));
}

/** The page of what was trained so far. A run that is stopped stays stopped where the page cannot be written. */
export async function reportInterrupted(
  { dir, paths }: Pick<WritableRun, 'dir' | 'paths'>,
  report: Reporter,
): Promise<void> {
  try {
    await writeRunReport(dir, paths, 'interrupted');
    report.note(`what was trained so far: ${paths.report}`);
  } catch (error) {
    report.warn(`no report.html: ${error instanceof Error ? error.message : String(error)}`);
  }
}
