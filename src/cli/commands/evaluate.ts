/** @file `vultune evaluate`: options; the work is the stage's. */
import { Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { addDeviceOptions, addExamples, type DeviceOptions, parseCount, parseShare } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface EvaluateRequest extends DeviceOptions {
  /** A run folder or a PEFT adapter folder. */
  readonly run: string;
  readonly data: string;
  /** The baselines are fitted on it; default: the run's own. */
  readonly train?: string;
  /** The threshold is chosen on it; default: the stored one. */
  readonly valid?: string;
  readonly threshold?: number;
  readonly maxLength?: number;
  /** Print JSON on stdout instead of tables. */
  readonly json: boolean;
}

export type EvaluateStage = (request: EvaluateRequest, context: CliContext) => Promise<void>;

type Options = Omit<EvaluateRequest, 'run'>;

export function evaluateCommand(stage: EvaluateStage): CliCommand {
  return (context) => {
    const command = new Command('evaluate')
      .summary('measure a model on labelled functions, beside what it must beat')
      .description(
        'Measure a fine-tuned model on labelled functions.\n\n' +
          'Beside its figures stand those of all-positive, of length only, and of TF-IDF with logistic ' +
          'regression fitted on the same training file: a model that does not beat them has learnt nothing.',
      )
      .argument('<run>', 'run folder, or any PEFT adapter folder whose base model can be loaded')
      .requiredOption('--data <file>', 'JSON lines with `code` and `target`')
      .option('--train <file>', "what the baselines are fitted on (default: the run's train_file)")
      .option(
        '--valid <file>',
        'choose the threshold on this file (default: the threshold stored in the run)',
      )
      .addOption(
        new Option('--threshold <x>', 'score from which a function counts as vulnerable')
          .argParser(parseShare)
          .conflicts('valid'),
      )
      .addOption(
        new Option(
          '--max-length <n>',
          "tokens of a function that are read (default: the run's, or the model's own)",
        ).argParser(parseCount),
      )
      .option('--json', 'print JSON on standard output instead of tables', false);
    addDeviceOptions(command);
    addExamples(command, [
      ['a run on data it has not seen', 'vultune evaluate runs/first --data test.jsonl'],
      [
        'an adapter from elsewhere, its threshold chosen on validation data',
        'vultune evaluate adapter/ --data test.jsonl --train train.jsonl --valid valid.jsonl',
      ],
      ['one figure for a script', 'vultune evaluate runs/first --data test.jsonl --json | jq .metrics'],
    ]);
    return command.action((run: string, options: Options) => stage({ run, ...options }, context));
  };
}
