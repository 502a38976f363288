/** @file `vultune experiment run`: runs the cells of a table, or says what that would take. */
import { join } from 'node:path';
import { openExperiment } from '../../workflows/experiment/open-experiment.ts';
import { runExperiment } from '../../workflows/experiment/run-experiment.ts';
import type { RunExperimentRequest } from '../commands/experiment.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { tableText } from './print-table.ts';
import { showEstimate } from './show-estimate.ts';
import { statusText } from './table-status.ts';

export async function runTable(
  { dryRun, estimate, ...options }: RunExperimentRequest,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr, setExitCode } = context;
  const workflow = reporting(context);
  if (estimate) {
    await showEstimate(options, context);
    return;
  }
  if (dryRun) {
    const experiment = await openExperiment(options, workflow);
    stdout.write(statusText(await experiment.result(), stdout));
    const barred = experiment.planned.filter(({ failure }) => failure !== undefined).length;
    const others = experiment.planned.length - barred;
    if (barred > 0) setExitCode(1);
    if (others === 0) stderr.write('without --dry-run this would run nothing\n');
    else
      stderr.write(
        `without --dry-run this would run the ${barred === 0 ? '' : 'other '}cells that are not finished\n`,
      );
    return;
  }
  const { table, out, status } = await runExperiment(options, workflow);
  stdout.write(`\n${tableText(table, stdout)}`);
  stdout.write(`\ntable: ${join(out, 'table.html')} (and .md, .csv, .tex, .json)\n`);
  if (status === 'interrupted') {
    stderr.write('stopped; the same command resumes where it was\n');
    return;
  }
  const failed = table.rows.flatMap(({ cells }) => cells).filter(({ state }) => state === 'failed').length;
  if (failed === 0) return;
  stderr.write(
    `${failed === 1 ? '1 cell' : `${failed} cells`} failed; the same command tries ${failed === 1 ? 'it' : 'them'} again\n`,
  );
  setExitCode(1);
}
