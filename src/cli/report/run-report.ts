/** @file `vultune report`: writes the pages and prints where they are. */
import { type ReportOptions, report } from '../../workflows/report/report.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';

export async function runReport(options: ReportOptions, context: CliContext): Promise<void> {
  const files = await report(options, reporting(context));
  context.stdout.write(files.map((file) => `${file}\n`).join(''));
}
