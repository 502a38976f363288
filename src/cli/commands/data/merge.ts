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
      'Merge datasets into one. Keeps one of each set of functions equal but for comments and white space (the one in ' +
        'test, else in valid, else the first), drops functions labelled both ways, and counts what is left out. Parts ' +
        'stay as they are, except that a pair, commit, CVE or group of near duplicates in two parts moves to the part ' +
        'that holds most of it. --by makes a new split.',
    );
  addSplitOptions(addInputs(command, 'two or more folders, files or archives'));
  addExamples(command, [
    [
      'your own functions and a published set',
      'vultune data merge datasets/kb mine.jsonl --out datasets/both',
    ],
    ['a new split, by project', 'vultune data merge a.jsonl b.jsonl --by project --out datasets/both'],
  ]);
  return command.action((inputs: string[], options: SplitCommandOptions) =>
    runSplit('merge', inputs, true, options, context),
  );
}
