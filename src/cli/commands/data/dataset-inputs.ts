/** @file What the commands that look into datasets share: how inputs are named, and reading them with progress. */
import { type Command, Option } from 'commander';
import type { PartRecord, ReasonCounts } from '../../../dataset/check/read-parts.ts';
import type { CliContext } from '../../context.ts';
import { harmless } from '../../display/harmless-text.ts';
import { readingProgress } from '../../display/reading-progress.ts';

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
    .addOption(
      new Option('--format <name>', 'what the inputs are, where it cannot be told by looking at them'),
    );
}

export interface Inputs {
  /** Call once. */
  records(): AsyncGenerator<PartRecord>;
  /** Rows that were left out, by reason; whole when the records are. */
  readonly leftOut: ReasonCounts;
}

/** Opens the inputs; the line of progress goes away with the last record, or with an error. */
export async function openInputs(
  paths: readonly string[],
  { format }: InputOptions,
  { stderr, stdin, signal }: CliContext,
  requireTarget = true,
): Promise<Inputs> {
  const { readParts, ReasonCounts: Counts } = await import('../../../dataset/check/read-parts.ts');
  const leftOut = new Counts();
  return {
    leftOut,
    async *records() {
      const progress = readingProgress(stderr);
      const named = format === undefined ? {} : { format };
      try {
        yield* readParts(paths, {
          ...named,
          requireTarget,
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

/** `3 rows left out: no code (2), not UTF-8 (1)`, or nothing. */
export function leftOutLine({ counts }: ReasonCounts): string {
  const reasons = Object.entries(counts);
  if (reasons.length === 0) return '';
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  return `${total} rows left out: ${reasons.map(([reason, count]) => `${harmless(reason)} (${count})`).join(', ')}\n`;
}
