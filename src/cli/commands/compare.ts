/** @file `vultune compare`: options; the work is the workflow's. */
import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { CompareOptions } from '../../workflows/compare/compare.ts';
import type { CliContext } from '../context.ts';
import type { FigureFormat } from '../display/data-table-format.ts';
import {
  addClusterOptions,
  addDeviceOptions,
  addExamples,
  addFigureFormat,
  fieldsOption,
  parseCount,
} from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface CompareRequest extends CompareOptions {
  readonly format: FigureFormat;
  readonly json: boolean;
}

export type RunCompare = (request: CompareRequest, context: CliContext) => Promise<void>;

type Options = Omit<CompareRequest, 'runs'>;

export function compareCommand(run: RunCompare): CliCommand {
  return (context) => {
    const command = new Command('compare')
      .summary('test whether one model is better than another beyond chance')
      .description(
        'Compare two models on the same functions.\n\n' +
          "Gives the difference in every metric with a 95% interval (paired bootstrap), and DeLong's test for ROC AUC. " +
          'Says so where a difference may be noise. Groups (one setting under several seeds) are compared by the means over ' +
          'their runs; the intervals then hold the chance of the seeds as well as that of the functions.',
      )
      .argument('<first>', 'run folder or adapter folder; a group of runs with commas between them')
      .argument('<second>', 'the same')
      .option('--data <file>', 'functions with labels (default: the test file of both runs)')
      .addOption(fieldsOption())
      .addOption(
        new Option(
          '--max-length <n>',
          "tokens read per function (default: the run's, or the model's own)",
        ).argParser(parseCount),
      )
      .option(
        '--json',
        'print JSON on standard output instead of text: data, functions, first, second, differences (by metric: difference, interval, p_value), delong, verdict',
        false,
      );
    addFigureFormat(command);
    addClusterOptions(command);
    addDeviceOptions(command);
    addExamples(command, [
      ['two runs on the test file that both were given', 'vultune compare runs/1 runs/2'],
      ['a table for a page', 'vultune compare runs/1 runs/2 --format md'],
      ['three seeds of each', 'vultune compare runs/a1,runs/a2,runs/a3 runs/b1,runs/b2,runs/b3'],
      ['on other data', 'vultune compare runs/1 runs/2 --data other.jsonl'],
    ]);
    return command.action((first: string, second: string, options: Options) =>
      run({ runs: [groupOf(first), groupOf(second)], ...options }, context),
    );
  };
}

/** A folder may have a comma in its name. */
const groupOf = (text: string): string | readonly string[] =>
  !text.includes(',') || existsSync(text) ? text : text.split(',');
