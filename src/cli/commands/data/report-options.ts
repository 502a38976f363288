/** @file The page of a dataset, for every command that writes one: its options, and writing it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import { reporting } from '../../display/terminal-reporter.ts';

export interface ReportOptions {
  readonly report: boolean;
  readonly baseModel?: string | undefined;
}

/** `--base-model` and `--no-report`. */
export function addReportOptions(command: Command): Command {
  return command
    .option(
      '--base-model <model>',
      "count tokens in report.html with this model's tokenizer, if it is on this machine (default: an estimate)",
    )
    .option('--no-report', 'do not write report.html');
}

/** Writes the page of a dataset, unless it is not wanted. @returns a line for the summary */
export async function finishDataset(
  outDir: string,
  { report, baseModel, seed }: ReportOptions & { readonly seed: number },
  context: CliContext,
): Promise<string> {
  if (report) {
    const { writeDatasetReport } = await import('../../../workflows/build-dataset/dataset-report.ts');
    await writeDatasetReport(outDir, { baseModel, seed }, reporting(context));
  }
  return writtenTo(outDir, report);
}

/** Where the dataset is and what says more of it: a line for the summary. */
export function writtenTo(outDir: string, hasReport: boolean): string {
  const written = `\nwritten to ${resolve(outDir)}; its README.md says what is in it`;
  return hasReport ? `${written}, its report.html shows it\n` : `${written}\n`;
}
