/** @file `vultune plan`: its options. */
import { Command } from 'commander';
import type { TrainRequest } from '../../workflows/train/train.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';
import { readRequest } from '../train/read-request.ts';

export interface PlanOptions {
  readonly json: boolean;
  /** Folder for the packed plan, which PyTorch trains from. */
  readonly out?: string;
}

export type RunPlanCommand = (
  request: TrainRequest,
  options: PlanOptions,
  context: CliContext,
) => Promise<void>;

const JSON_HELP = `
JSON (--json):
  functions, tokens_per_epoch, epochs, steps, weight_format
  memory         peak_bytes, limit_bytes (of the container, where there is one), fits, parts (bytes)
  disk           fits, parts (bytes), places: folder, needed_bytes, free_bytes
  time           total_ms, measured_at, parts (ms)
  earlier_run    run and steps_ms, or null
  changes        setting, peak_bytes, fits, total_ms (null: not measured); empty where all fits
  notes, warnings`;

export function planCommand(runPlan: RunPlanCommand): CliCommand {
  return (context) => {
    const command = new Command('plan')
      .summary('say what a training will take before it starts: memory, disk, hours')
      .description(
        'Estimate the memory, the disk space and the time of a training on this machine, and what to change in its ' +
          'configuration where it does not fit.\n\n' +
          'The configuration and its data are read and checked as `vultune train` would; of the model its configuration, ' +
          "tokenizer and headers alone, also where it is on a hub. A block of the model's widths is timed on random " +
          'weights for some seconds the first time; the result is kept.',
      )
      .argument('[config]', 'YAML file of the run; its keys are listed by `vultune config keys`')
      .argument('[overrides...]', 'key=value, each overrides the file: load_in_4bit=true')
      .option('--json', 'print JSON on standard output instead of text', false)
      .option(
        '--out <folder>',
        'also write the packed steps, the first adapter and the Python that runs them, for a cluster without Node',
      );
    addExamples(command, [
      ['what this training takes', 'vultune plan train.yaml'],
      ['the same with weights in 4 bits', 'vultune plan train.yaml load_in_4bit=true activations=recompute'],
      ['a folder that a cluster trains from', 'vultune plan train.yaml --out plan'],
    ]);
    command.addHelpText('after', JSON_HELP);
    return command.action(async (config: string | undefined, overrides: string[], options: PlanOptions) => {
      await runPlan(await readRequest('plan', config, overrides, context), options, context);
    });
  };
}
