/** @file `vultune scan`: runs the scan, writes its report or a new baseline, and turns its findings into an exit code. */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { readBaseline, writeBaseline } from '../../scan/baseline.ts';
import type { ScanReport } from '../../scan/finding.ts';
import { scan } from '../../workflows/scan/scan.ts';
import type { ScanFormat, ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { writeScan } from './write-scan.ts';

/** SARIF and the annotations of a code-hosting site point at functions. */
const FORMATS_WITH_LINES: ReadonlySet<ScanFormat> = new Set(['text', 'html', 'json']);

/** Throws what `scan` throws. Exit code 1: findings from `failOn` on; 130 for a scan that was stopped. */
export async function runScan(request: ScanRequest, context: CliContext): Promise<void> {
  const { lines = true, format, updateBaseline, failOn } = request;
  const newBaseline = updateBaseline ? baselineToWrite(request) : undefined;
  const { report, unsuppressed } = await scan(
    {
      ...request,
      lines: lines && FORMATS_WITH_LINES.has(format),
      baseline: updateBaseline ? undefined : request.baseline,
    },
    reporting(context),
  );
  writeScan(report, request, context);
  if (!report.complete || context.signal.aborted) return;
  if (newBaseline === undefined) {
    context.setExitCode(fails(report, failOn) ? 1 : 0);
    return;
  }
  writeBaseline(newBaseline, unsuppressed);
  context.stderr.write(`${unsuppressed.length} findings in the baseline ${newBaseline}\n`);
}

/** A file that is there and is not a baseline is not overwritten. Throws SCAN_BASELINE, CLI_USAGE. */
function baselineToWrite({ baseline }: ScanRequest): string {
  if (baseline === undefined) {
    throw new VultuneError('CLI_USAGE', '--update-baseline needs --baseline FILE: the file to write', {});
  }
  if (existsSync(baseline)) readBaseline(baseline);
  return baseline;
}

function fails({ counts: { vulnerable, uncertain } }: ScanReport, failOn: ScanRequest['failOn']): boolean {
  return failOn !== 'none' && vulnerable + (failOn === 'uncertain' ? uncertain : 0) > 0;
}
