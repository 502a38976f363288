/**
 * @file The scan as reviewdog's diagnostics (rdjson). Its reader refuses fields that it does not know, so that everything has to
 * be said in messages. Lines only: its columns count bytes, which takes the source's text.
 */
import type { Finding, ScanReport } from '../finding.ts';
import { describeFinding, scanCautions, scanNotes, scanWorth, suppressedNotes } from './describe.ts';
import { ruleOf } from './rules.ts';
import { levelOf } from './severity.ts';

export function rdjsonReport(report: ScanReport): string {
  return `${JSON.stringify(
    {
      source: { name: 'Vultune' },
      severity: 'INFO',
      diagnostics: [...report.findings.map((finding) => diagnostic(finding, report)), aboutTheScan(report)],
    },
    null,
    1,
  )}\n`;
}

function diagnostic(finding: Finding, report: ScanReport): object {
  const { file, startLine, endLine } = finding;
  const { id, cwe } = ruleOf(finding);
  return {
    message: `${describeFinding(finding, report.threshold)} ${scanWorth(report)}`,
    location: { path: file, range: { start: { line: startLine }, end: { line: endLine } } },
    severity: levelOf(finding, report) === 'warning' ? 'WARNING' : 'INFO',
    code: { value: id, ...(cwe === undefined ? {} : { url: cwe.url }) },
  };
}

/** At no line of a file: what concerns the whole scan has no other place in the format. */
function aboutTheScan(report: ScanReport): object {
  return {
    message: [...scanCautions(report), ...scanNotes(report), ...suppressedNotes(report)].join('\n'),
    location: { path: '.' },
    severity: 'INFO',
  };
}
