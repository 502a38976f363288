/**
 * @file The scan as GitLab's report of a static security test (its security report schemas, 15.0): what a merge request and
 * the list of vulnerabilities show.
 */
import type { Finding, ScanReport } from '../finding.ts';
import { textKey } from '../fingerprint.ts';
import { describeFinding, printable, scanCautions, scanNotes, suppressedNotes } from './describe.ts';
import { ruleOf } from './rules.ts';
import { severityOf } from './severity.ts';

const SCHEMA_VERSION = '15.0.6';
/** The schema's limit on a name. */
const LONGEST_NAME = 255;

export function gitlabReport(report: ScanReport): string {
  const { startedAt, endedAt, complete, version, findings } = report;
  const tool = { id: 'vultune', name: 'Vultune', version, vendor: { name: 'Vultune' } };
  return `${JSON.stringify(
    {
      version: SCHEMA_VERSION,
      scan: {
        type: 'sast',
        status: complete ? 'success' : 'failure',
        start_time: scanTime(startedAt),
        end_time: scanTime(endedAt),
        analyzer: tool,
        scanner: tool,
        messages: messages(report),
      },
      vulnerabilities: findings.map((finding) => vulnerability(finding, report)),
    },
    null,
    1,
  )}\n`;
}

/** UTC without fraction and zone, as the schema wants it. */
const scanTime = (date: Date) => date.toISOString().slice(0, 19);

function messages(report: ScanReport): object[] {
  const { complete } = report;
  const notes = [...scanNotes(report), ...suppressedNotes(report)];
  return [
    ...scanCautions(report).map((value) => ({ level: 'warn', value })),
    ...notes.map((value) => ({ level: complete ? 'info' : 'warn', value })),
  ];
}

function vulnerability(finding: Finding, { threshold, measured }: ScanReport): object {
  const { file, name, fingerprint, startLine, endLine, nearest } = finding;
  const rule = ruleOf(finding);
  return {
    id: uuidOf(fingerprint, file, String(startLine)),
    name: `${rule.title}: ${printable(name)}`.slice(0, LONGEST_NAME),
    description: describeFinding(finding, threshold),
    severity: SEVERITIES[severityOf(rule.band, measured).securitySeverity ?? ''] ?? 'Unknown',
    identifiers: [
      { type: 'vultune_rule', name: rule.id, value: rule.id },
      ...(rule.cwe === undefined
        ? []
        : [{ type: 'cwe', name: rule.cwe.id, value: rule.cwe.id.replace('CWE-', ''), url: rule.cwe.url }]),
      ...(nearest?.cve === undefined
        ? []
        : [{ type: 'vultune_most_similar', name: `Most similar to ${nearest.cve}`, value: nearest.cve }]),
    ],
    location: { file, start_line: startLine, end_line: endLine, method: printable(name) },
  };
}

/** GitLab's words for what code-hosting sites make of the number. */
const SEVERITIES: Readonly<Record<string, string>> = { '7.0': 'High', '4.0': 'Medium', '2.0': 'Low' };

/** The same finding has the same id in every scan; GitLab asks for the form of a UUID. */
function uuidOf(...parts: readonly string[]): string {
  const hex = Buffer.from(textKey(...parts), 'base64url')
    .toString('hex')
    .slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
