/** @file `vultune lines`: its options. */
import { Command, Option } from 'commander';
import { LINE_METHODS } from '../../explain/line-scores.ts';
import type { LinesOptions } from '../../workflows/lines/lines-options.ts';
import type { CliContext } from '../context.ts';
import {
  addDeviceOptions,
  addExamples,
  addPrecisionOption,
  fieldsOption,
  parseCount,
  parseNonNegative,
} from '../options.ts';
import type { CliCommand } from '../program.ts';
import { refuseSwapped } from '../usage-hint.ts';

export interface LinesRequest extends Omit<LinesOptions, 'stdin'> {
  /** Lines shown of a function: the hottest ones. */
  readonly maxLines: number;
  /** Print JSON, with all functions unless `count` is given; text shows 10. */
  readonly json: boolean;
}

export type RunLines = (request: LinesRequest, context: CliContext) => Promise<void>;

type Options = Omit<LinesRequest, 'run'>;

const JSON_HELP = `
JSON (--json):
  run, data, method, threshold
  precision      with --precision: weight_format, trained_in, largest_difference of a score on so many functions
  functions      highest score first: id, path, function_name, line, score, label, target, truncated,
                 line_scores (one per line, in units of the logits' margin; 0 where not read),
                 read_lines and vulnerable_lines (1-based)
  measures       null without marked lines; functions, not_read (cut before any marked line),
                 cluster_by, clusters, rankings: method, random and longest line, each with top1, top5, top10,
                 initial_false_alarm; above_random: 95% intervals of the method's difference to random`;

export function linesCommand(runLines: RunLines): CliCommand {
  return (context) => {
    const command = new Command('lines')
      .summary('show which lines drive the scores of functions')
      .description(
        'Show which lines of a function drive its score; the highest-scoring functions come first.\n\n' +
          'gradient runs the model once per function and sums gradient x input for "vulnerable" over the tokens of a line; ' +
          'occlusion runs it once more per line, with that line left empty, and is slow. Where the dataset says which lines a fix changed ' +
          '(`vulnerable_lines`), a table says how well the method finds them, compared with random order and longest line.',
      )
      .argument('<run>', 'run folder, or any PEFT adapter folder whose base model can be loaded')
      .option(
        '--data <path>',
        'dataset (file, folder or archive of any format that data inspect knows; - for standard input), or a source file (default: the test file of the run)',
      )
      .addOption(fieldsOption())
      .addOption(
        new Option(
          '--method <name>',
          'how lines are scored (default: gradient; occlusion for a run of vultune prompt)',
        ).choices(LINE_METHODS),
      )
      .addOption(
        new Option('--count <n>', 'functions shown (default: 10; with --json all)').argParser(parseCount),
      )
      .addOption(
        new Option('--max-lines <n>', 'lines shown per function: the hottest ones, and those a fix changed')
          .argParser(parseCount)
          .default(25),
      )
      .addOption(
        new Option('--max-length <n>', "tokens read per function (default: the run's)").argParser(parseCount),
      )
      .addOption(
        new Option('--seed <n>', 'seed of the random orders and the intervals')
          .argParser(parseNonNegative)
          .default(42),
      )
      .option('--json', 'print JSON on standard output instead of text', false);
    addPrecisionOption(command);
    addDeviceOptions(command);
    addExamples(command, [
      ['the functions of a file, line by line', 'vultune lines runs/first --data src/server.js'],
      ['how well the changed lines are found', 'vultune lines runs/first --data sven/val --count 3'],
      [
        'the same with the slow reference, on a sample',
        'vultune data sample sven/val --count 20 --out few.jsonl && vultune lines runs/first --data few.jsonl --method occlusion',
      ],
    ]);
    command.addHelpText('after', JSON_HELP);
    return command.action(async (run: string, options: Options) => {
      refuseSwapped(run, [options.data ?? ''], (meant, path) => `vultune lines ${meant} --data ${path}`);
      await runLines({ run, ...options }, context);
    });
  };
}
