/** @file `vultune predict`: options; the work is the workflow's. */
import { Command, Option } from 'commander';
import type { PredictOptions } from '../../workflows/predict/predict.ts';
import type { CliContext } from '../context.ts';
import {
  addBlendOption,
  addDeviceOptions,
  addExamples,
  addPrecisionOption,
  addShardOptions,
  fieldsOption,
  parseCount,
  parsePrevalence,
  parseShare,
  type ShardOptions,
} from '../options.ts';
import type { CliCommand } from '../program.ts';
import { refuseSwapped } from '../usage-hint.ts';

export interface PredictRequest extends Omit<PredictOptions, 'onPredictions'>, ShardOptions {
  /** A file to write, atomically; default: stdout. */
  readonly out?: string;
}

export type RunPredict = (request: PredictRequest, context: CliContext) => Promise<void>;

type Options = Omit<PredictRequest, 'run'>;

export function predictCommand(predict: RunPredict): CliCommand {
  return (context) => {
    const command = new Command('predict')
      .summary('score functions: the probability of being vulnerable')
      .description(
        'Score functions with a fine-tuned model.\n\n' +
          'Writes JSON lines, one per function, in the order of the input, none missing: `id`, `score` (probability of ' +
          "vulnerable; `raw_score` beside it where it was calibrated), `label` (1 from the threshold on), `truncated` (longer than what was read). With --precision also how far scores were measured to be from the training's: `precision`.",
      )
      .argument('<run>', 'run folder, or any PEFT adapter folder whose base model can be loaded')
      .option(
        '--data <file>',
        'JSON lines, JSON, CSV, TSV or Parquet with functions, - for standard input; or a source file (.c, .java, .js, .py ...), one prediction per function (default: the test file of the run)',
      )
      .addOption(fieldsOption())
      .option('--out <file>', 'write here instead of standard output')
      .addOption(
        new Option(
          '--threshold <x>',
          'score from which on the label is 1 (default: the one stored in the run, or 0.5)',
        ).argParser(parseShare),
      )
      .addOption(
        new Option(
          '--prevalence <x>',
          'share of functions that are vulnerable where you use it: scores become probabilities at that rate, labels stay',
        ).argParser(parsePrevalence),
      )
      .addOption(
        new Option(
          '--max-length <n>',
          "tokens read per function (default: the run's, or the model's own)",
        ).argParser(parseCount),
      );
    command.option('--logits', 'also write the two `logits` [safe, vulnerable]', false);
    command.option(
      '--allow-endpoint',
      'of a run of vultune prompt: send the functions to its endpoint',
      false,
    );
    addBlendOption(command);
    addPrecisionOption(command);
    addDeviceOptions(command);
    addShardOptions(command, 'predict the functions', '--out FILE');
    addExamples(command, [
      [
        'highest scores first',
        "vultune predict runs/first --data functions.jsonl | jq -s 'sort_by(-.score)'",
      ],
      [
        'every function of a source file',
        'vultune predict runs/first --data src/server.js --out predictions.jsonl',
      ],
      [
        'on four processes or machines: run with each of 1/4 to 4/4, then join',
        'vultune predict runs/first --data all.jsonl --shard 1/4 --out parts/1.jsonl\n  vultune predict runs/first --data all.jsonl --out scores.jsonl --merge parts/*.jsonl',
      ],
      ['in a pipe', 'cat functions.jsonl | vultune predict runs/first --data -'],
    ]);
    return command.action(async (run: string, options: Options) => {
      refuseSwapped(run, [options.data ?? ''], (meant, path) => `vultune predict ${meant} --data ${path}`);
      await predict({ run, ...options }, context);
    });
  };
}
