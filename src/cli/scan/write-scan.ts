/** @file The scan's report in the requested format, to a file or standard output. */
import { join, relative, resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import type { ScanReport } from '../../scan/finding.ts';
import { countOf } from '../../scan/output/describe.ts';
import { githubReport } from '../../scan/output/github.ts';
import { htmlReport } from '../../scan/output/html.ts';
import { jsonReport } from '../../scan/output/json.ts';
import { sarifReport } from '../../scan/output/sarif.ts';
import { textReport } from '../../scan/output/text.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { createColors } from '../display/colors.ts';

/** Throws what writeFileAtomic throws. */
export function writeScan(report: ScanReport, request: ScanRequest, { stdout, stderr }: CliContext): void {
  const text = formatScan(report, request, { stdout, stderr });
  if (request.output === undefined) {
    stdout.write(text);
    return;
  }
  writeFileAtomic(request.output, text);
  const { vulnerable, uncertain, functions } = report.counts;
  stderr.write(
    `${countOf(functions, 'function')} scanned, ${vulnerable} vulnerable, ${uncertain} uncertain: ${request.output}\n`,
  );
}

function formatScan(
  report: ScanReport,
  { format, frames, output }: ScanRequest,
  { stdout, stderr }: Pick<CliContext, 'stdout' | 'stderr'>,
): string {
  switch (format) {
    case 'json':
      return jsonReport(report);
    case 'github':
      return githubReport(report);
    case 'sarif': {
      const { text, cut } = sarifReport(report);
      if (cut > 0)
        stderr.write(
          `left out of the SARIF file, because sites accept no more: ${countOf(cut, 'finding')}\n`,
        );
      return text;
    }
    case 'html':
      return htmlReport(report);
    case 'text':
      return textReport(report, {
        colors: output === undefined ? stdout.colors : createColors(false),
        columns: stdout.columns(),
        frames,
        displayPath: (file) => shortPath(resolve(report.baseFolder, file)),
      });
  }
}

/** As the user would type it here. */
function shortPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith(join('..', '..')) ? path : here;
}
