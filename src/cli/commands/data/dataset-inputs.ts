/** @file What the commands that look into datasets share: how inputs are named, and reading them with progress. */
import { type Command, Option } from 'commander';
import type { PartRecord, ReasonCounts } from '../../../dataset/formats/read-parts.ts';
import { readingProgress } from '../../../workflows/reading-progress.ts';
import type { CliContext } from '../../context.ts';
import { harmless } from '../../display/harmless-text.ts';
import { terminalReporter } from '../../display/terminal-reporter.ts';

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

export interface Inputs {
  /** Call once. */
  records(): AsyncGenerator<PartRecord>;
  /** Rows that were left out, by reason; whole when the records are. */
  readonly leftOut: ReasonCounts;
}

/** Opens the inputs, labelled or not; the line of progress goes away with the last record, or with an error. */
export async function openInputs(
  paths: readonly string[],
  { format }: InputOptions,
  { stderr, stdin, signal }: CliContext,
): Promise<Inputs> {
  const { readParts, ReasonCounts: Counts } = await import('../../../dataset/formats/read-parts.ts');
  const leftOut = new Counts();
  return {
    leftOut,
    async *records() {
      const progress = readingProgress(terminalReporter(stderr));
      const named = format === undefined ? {} : { format };
      try {
        yield* readParts(paths, {
          ...named,
          requireTarget: false,
          stdin,
          signal,
          tally: leftOut,
          onProgress: progress.onProgress,
        });
      } finally {
        progress.stop();
      }
    },
  };
}

/** `left out, or noted: no code (2), without a partner (1)`, or nothing. */
export function leftOutLine(counts: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(counts).map(([reason, count]) => `${harmless(reason)} (${count})`);
  return reasons.length === 0 ? '' : `left out, or noted: ${reasons.join(', ')}\n`;
}
