/** @file `vultune report`: options; the work is the workflow's. */
import { Command } from 'commander';
import type { ReportOptions } from '../../workflows/report/report.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

export type RunReport = (options: ReportOptions, context: CliContext) => Promise<void>;

export function reportCommand(report: RunReport): CliCommand {
  return (context) => {
    const command = new Command('report')
      .summary('write the HTML page of a run, or of several side by side')
      .description(
        'Write report.html: curves, baselines, threshold, mistakes, configuration. One file that needs no network; ' +
          'every finished training has already written its own.',
      )
      .argument('<runs...>', 'run folders; several are compared side by side')
      .option('--out <file>', 'write here (default: RUN/report.html, or ./report.html of several)')
      .option('--tensorboard <dir>', 'write TensorBoard event files there instead');
    addExamples(command, [
      ['again, after a change of Vultune', 'vultune report runs/first'],
      ['which one is best', 'vultune report runs/* --out comparison.html'],
      ['for TensorBoard', 'vultune report runs/* --tensorboard logs'],
    ]);
    return command.action((runs: string[], options: Omit<ReportOptions, 'runs'>) =>
      report({ runs, ...options }, context),
    );
  };
}
