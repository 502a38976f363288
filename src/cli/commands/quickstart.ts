/** @file `vultune quickstart`: its options. */
import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface QuickstartRequest {
  /** Where data and run go. */
  readonly dir: string;
  /** A few functions and steps: does it work at all? */
  readonly quick: boolean;
}

export type RunQuickstart = (request: QuickstartRequest, context: CliContext) => Promise<void>;

export function quickstartCommand(runQuickstart: RunQuickstart): CliCommand {
  return (context) => {
    const command = new Command('quickstart')
      .summary('fetch data, fine-tune, evaluate and scan, in one command')
      .description(
        'Fetch vulnerable functions and their fixes from published npm packages, fine-tune SmolLM2-135M on ' +
          'them, evaluate it against its baselines, score three functions as an example, and scan a package it has ' +
          'not seen.\n\n' +
          'Takes about ten minutes on two cores after the downloads, and under 3 GB of memory. A second run reuses ' +
          'everything already fetched and computed.',
      )
      .option('--dir <dir>', 'folder for the dataset and the run', 'quickstart')
      .option('--quick', 'use few functions and steps, to see that everything works', false);
    addExamples(command, [
      ['all of it', 'vultune quickstart'],
      ['a one-minute trial of this machine', 'vultune quickstart --quick --dir /tmp/try'],
    ]);
    return command.action((options: QuickstartRequest) => runQuickstart(options, context));
  };
}
