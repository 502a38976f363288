/** @file The page of a dataset, for every command that writes one: its options, and writing it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { writeDatasetReport } from '../../../workflows/build-dataset/dataset-report.ts';
import type { CliContext } from '../../context.ts';
import { reporting } from '../../display/terminal-reporter.ts';

export interface ReportOptions {
  readonly report: boolean;
  readonly baseModel?: string | undefined;
}

export type DatasetReport = typeof writeDatasetReport;

/** `--base-model` and `--no-report`. */
export function addReportOptions(command: Command): Command {
  return command
    .option(
      '--base-model <model>',
      'count tokens in report.html with the tokenizer of this model, if it is on this machine (default: an estimate)',
    )
    .option('--no-report', 'write no report.html');
}

/** Where the dataset is and what says more of it: a line for the summary. */
export async function finishDataset(
  outDir: string,
  { report, baseModel, seed }: ReportOptions & { readonly seed: number },
  context: CliContext,
  write?: DatasetReport,
): Promise<string> {
  const written = `\nwritten to ${resolve(outDir)}; its README.md says what is in it`;
  if (!report) return `${written}\n`;
  const writePage =
    write ?? (await import('../../../workflows/build-dataset/dataset-report.ts')).writeDatasetReport;
  await writePage(outDir, { baseModel, seed }, reporting(context));
  return `${written}, its report.html shows it\n`;
}
