/** @file The scan as JSON, for scripts. A field that is added later breaks none. */
import type { Finding, ScanReport } from '../finding.ts';
import { scanNotes, scanWorth } from './describe.ts';
import { describeBands } from './score-words.ts';

export function jsonReport(report: ScanReport): string {
  const { startedAt, endedAt, findings, suppressed, changed, measured, ...rest } = report;
  const json = {
    formatVersion: 1,
    ...rest,
    measured: measured ?? null,
    worth: scanWorth(report),
    bands: describeBands(report),
    notes: scanNotes(report),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    findings: findings.map(withoutCode),
    suppressed: suppressed.map(withoutCode),
    ...(changed === undefined ? {} : { changed: changed.map(withoutCode) }),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** JSON leaves out what is undefined. */
function withoutCode(finding: Finding): object {
  return { ...finding, code: undefined, context: undefined };
}
