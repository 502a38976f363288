/** @file `vultune quickstart`: options; the work is the stage's. */
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

export type QuickstartStage = (request: QuickstartRequest, context: CliContext) => Promise<void>;

export function quickstartCommand(stage: QuickstartStage): CliCommand {
  return (context) => {
    const command = new Command('quickstart')
      .summary('from nothing to a fine-tuned model and honest numbers, in one command')
      .description(
        'Fetch vulnerable functions and their fixes out of published npm packages, fine-tune SmolLM2-135M on ' +
          'them, evaluate it beside its baselines, score three functions as an example, and scan a package that it has ' +
          'not seen.\n\n' +
          'On two cores about ten minutes after the downloads, under 3 GB of memory. A second run reuses ' +
          'everything that was fetched and computed.',
      )
      .option('--dir <dir>', 'folder for the dataset and the run', 'quickstart')
      .option('--quick', 'a few functions and steps only: to see that everything works', false);
    addExamples(command, [
      ['the whole of it', 'vultune quickstart'],
      ['a minute, to see whether this machine can', 'vultune quickstart --quick --dir /tmp/try'],
    ]);
    return command.action((options: QuickstartRequest) => stage(options, context));
  };
}
