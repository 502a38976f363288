/** @file The scan as JSON, for scripts. A field that is added later breaks none. */
import type { Finding, ScanReport } from '../finding.ts';
import { scanNotes } from './describe.ts';

export function jsonReport(report: ScanReport): string {
  const { startedAt, endedAt, findings, suppressed, changed, ...rest } = report;
  const json = {
    formatVersion: 1,
    ...rest,
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
  return { ...finding, code: undefined };
}
