/**
 * @file `vultune data`: the commands that make datasets and look into them. One file each; a new one is a file and a
 * line here.
 */
import { Command } from 'commander';
import type { BuildParts } from '../../../workflows/build-dataset/build-dataset.ts';
import type { CliContext } from '../../context.ts';
import { addExamples } from '../../options.ts';
import type { CliCommand } from '../../program.ts';
import { buildCommand } from './build.ts';
import { checkCommand } from './check.ts';
import { convertCommand } from './convert.ts';
import { inspectCommand } from './inspect.ts';
import { mergeCommand } from './merge.ts';
import { recipeCommand } from './recipe.ts';
import { sampleCommand } from './sample.ts';
import { splitCommand } from './split.ts';
import { statsCommand } from './stats.ts';

/** In the order of the help. Whatever is slow to load is imported when the command runs. */
const SUBCOMMANDS: readonly ((parts: BuildParts, context: CliContext) => Command)[] = [
  buildCommand,
  recipeCommand,
  inspectCommand,
  checkCommand,
  convertCommand,
  statsCommand,
  splitCommand,
  mergeCommand,
  sampleCommand,
];

export function dataCommand(parts: BuildParts): CliCommand {
  return (context) => {
    const command = new Command('data')
      .enablePositionalOptions()
      .summary('build, check, split, merge and sample datasets')
      .description(
        'Build, check, split, merge, sample and inspect datasets of vulnerable functions and their fixes.',
      );
    for (const subcommand of SUBCOMMANDS) command.addCommand(subcommand(parts, context));
    return addExamples(command, [
      ['from published npm packages', 'vultune data build npm --out datasets/npm'],
      ['from the fixes of your own repository', 'vultune data build git=fixes.csv --out datasets/ours'],
      ['does anything leak?', 'vultune data check datasets/ours'],
    ]);
  };
}
