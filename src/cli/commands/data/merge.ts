/** @file `vultune data merge`: several datasets into one, without what they have in common. */
import { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import { addExamples } from '../../options.ts';
import { addInputs } from './dataset-inputs.ts';
import { addSplitOptions, runSplit, type SplitCommandOptions } from './split-options.ts';

export function mergeCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('merge')
    .summary('merge datasets into one, without duplicates and conflicts')
    .description(
      'Merge datasets into one. Of functions that are equal but for comments and white space one is kept (that of ' +
        'the test part before that of valid before the first), of those with both labels none; what is left out is ' +
        'counted. Parts stay as they are, but for pairs, commits, CVEs and near duplicates that would lie in two: ' +
        'these go where most of them is. --by splits anew.',
    );
  addSplitOptions(addInputs(command, 'two or more folders, files or archives'));
  addExamples(command, [
    [
      'your own functions beside a published set',
      'vultune data merge datasets/kb mine.jsonl --out datasets/both',
    ],
    ['split anew, by project', 'vultune data merge a.jsonl b.jsonl --by project --out datasets/both'],
  ]);
  return command.action((inputs: string[], options: SplitCommandOptions) =>
    runSplit('merge', inputs, true, options, context),
  );
}
