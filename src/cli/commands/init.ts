/** @file `vultune init`: its options. */
import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface InitRequest {
  /** Write the configuration of a training instead of the settings of scans. */
  readonly train: boolean;
  /** Default: `vultune.yaml`, or `train.yaml` with `train`. */
  readonly out?: string;
  readonly force: boolean;
}

export type RunInit = (request: InitRequest, context: CliContext) => Promise<void>;

export function initCommand(runInit: RunInit): CliCommand {
  return (context) => {
    const command = new Command('init')
      .summary('write a commented configuration: of scans, or of a training')
      .description(
        'Write vultune.yaml, the settings of the scans of this repository; with --train the configuration of a training.\n\n' +
          'Every key is in the file with what it does; those that need no value are commented out. Asks nothing: a run or a ' +
          'dataset that is already here is named in it.',
      )
      .option('--train', 'write the configuration of a training instead (train.yaml)', false)
      .option('--out <file>', 'write here instead')
      .option('--force', 'overwrite the file if it is there', false);
    addExamples(command, [
      ['settings of scans, then a scan as they say', 'vultune init && vultune scan'],
      ['a training', 'vultune init --train && vultune train train.yaml --dry-run'],
    ]);
    return command.action((request: InitRequest) => runInit(request, context));
  };
}
