/** @file `vultune report`: writes the pages and prints where they are. */
import { type ReportOptions, writeReport } from '../../workflows/report/report.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';

export async function runReport(options: ReportOptions, context: CliContext): Promise<void> {
  const files = await writeReport(options, reporting(context));
  context.stdout.write(files.map((file) => `${file}\n`).join(''));
}
