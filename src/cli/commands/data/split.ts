/** @file `vultune data split`: a dataset anew into train, valid and test. */
import { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import { addExamples } from '../../options.ts';
import { addInputs } from './dataset-inputs.ts';
import { addSplitOptions, runSplit, type SplitCommandOptions } from './split-options.ts';

interface Options extends SplitCommandOptions {
  readonly deduplicate: boolean;
}

export function splitCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('split')
    .summary('split a dataset into train, valid and test')
    .description(
      'Split a dataset into train, valid and test so that no pair, commit, CVE or near duplicate lies in two parts. ' +
        'The shares of vulnerable and of all functions are met as closely as that allows. Functions that are neither ' +
        'vulnerable nor fixes are left out, and counted, where a near duplicate is in another part.\n\n' +
        'The same input and seed give the same bytes. The input is read twice, and may be larger than memory.',
    );
  addSplitOptions(addInputs(command, 'folders, files or archives of one dataset')).option(
    '--deduplicate',
    'keep one of each set of duplicates; drop functions labelled both ways',
    false,
  );
  addExamples(command, [
    ['as in the paper, by commit', 'vultune data split functions.jsonl --by commit --out datasets/mine'],
    [
      'the latest functions for the test part',
      'vultune data split functions.jsonl --by time --out datasets/by-time',
    ],
    [
      'eighty, ten, ten',
      'vultune data split functions.jsonl --fractions 0.8,0.1,0.1 --seed 7 --out datasets/s7',
    ],
  ]);
  return command.action((inputs: string[], { deduplicate, ...options }: Options) =>
    runSplit('split', inputs, deduplicate, options, context),
  );
}
