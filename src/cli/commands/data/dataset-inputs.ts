/** @file What the commands that look into datasets share: how inputs are named, and reading them with progress. */
import { type Command, Option } from 'commander';
import { leftOutText } from '../../../workflows/left-out-text.ts';
import type { Inputs } from '../../../workflows/open-inputs.ts';
import type { CliContext } from '../../context.ts';
import { harmless } from '../../display/harmless-text.ts';
import { reporting } from '../../display/terminal-reporter.ts';

export interface InputOptions {
  readonly format?: string;
}

/** `<inputs...>` and `--format`. */
export function addInputs(
  command: Command,
  what = 'folders, files or archives; - for standard input',
): Command {
  return command
    .argument('<inputs...>', what)
    .addOption(new Option('--format <name>', "format of the inputs, if it can't be detected"));
}

/** Imported when a command runs: the help loads no reader. */
export async function openInputs(
  paths: readonly string[],
  { format }: InputOptions,
  context: CliContext,
): Promise<Inputs> {
  const { openInputs: open } = await import('../../../workflows/open-inputs.ts');
  return open(paths, { format, stdin: context.stdin }, reporting(context));
}

/** A line for standard error, or nothing. */
export function leftOutLine(counts: Readonly<Record<string, number>>): string {
  const text = leftOutText(counts);
  return text === undefined ? '' : `${harmless(text)}\n`;
}
