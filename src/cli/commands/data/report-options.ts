/** @file The page of a dataset, for every command that writes one: its options, and writing it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import type { writeDatasetReport } from '../../stages/dataset-report.ts';

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
      "count tokens in report.html with this model's tokenizer, if it is on this machine (default: an estimate)",
    )
    .option('--no-report', 'do not write report.html');
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
  const writePage = write ?? (await import('../../stages/dataset-report.ts')).writeDatasetReport;
  await writePage(outDir, { baseModel, seed }, context);
  return `${written}, its report.html shows it\n`;
}
