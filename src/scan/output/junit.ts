/**
 * @file The scan as JUnit's XML, which every CI shows: a case a finding, failed where a scan reports a vulnerable function, skipped
 * where it leaves the decision open. Nothing is written as a passed case but the scan itself.
 */
import type { Finding, ScanReport } from '../finding.ts';
import { countOf, describeFinding, describeReason, printable, scanCautions, scanNotes } from './describe.ts';
import { ruleOf } from './rules.ts';
import { levelOf } from './severity.ts';

export function junitReport(report: ScanReport): string {
  const { findings, suppressed, startedAt, endedAt, counts, complete, version, run } = report;
  const failed = findings.filter((finding) => isFailure(finding, report)).length;
  const skipped = findings.length - failed + suppressed.length;
  // A change that touches no function is a good one.
  const errors = complete && (counts.functions > 0 || report.changed !== undefined) ? 0 : 1;
  const seconds = ((endedAt.getTime() - startedAt.getTime()) / 1000).toFixed(3);
  const totals = { tests: findings.length + suppressed.length + 1, failures: failed, errors };
  const suite = { name: 'vultune', ...totals, skipped, time: seconds };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open('testsuites', { name: 'vultune scan', ...totals, time: seconds }),
    open('testsuite', { ...suite, timestamp: startedAt.toISOString().slice(0, 19) }),
    '<properties>',
    ...Object.entries({
      version,
      run,
      adapter: report.adapterFingerprint,
      threshold: report.threshold,
      functions: counts.functions,
      safe: counts.safe,
    }).map(([name, value]) => element('property', { name, value })),
    '</properties>',
    scanCase(report, errors > 0),
    ...findings.map((finding) => findingCase(finding, report)),
    ...suppressed.map((finding) =>
      testCase(
        finding,
        element('skipped', { message: `Suppressed: ${describeReason(finding.suppression!)}` }),
      ),
    ),
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

const isFailure = (finding: Finding, report: ScanReport): boolean => levelOf(finding, report) === 'warning';

/** What was scanned and what was not, with the cautions; an error where the scan found nothing to score or was stopped. */
function scanCase(report: ScanReport, isError: boolean): string {
  const { functions, files } = report.counts;
  const about = [...scanCautions(report), ...scanNotes(report)].join('\n');
  const name = `scan of ${countOf(functions, 'function')} in ${countOf(files, 'file')}`;
  const body = isError
    ? element(
        'error',
        { message: 'The scan is not complete, or found no function.', type: 'incomplete' },
        about,
      )
    : `<system-out>${xmlText(about)}</system-out>`;
  return `${open('testcase', { classname: 'vultune', name })}${body}</testcase>`;
}

function findingCase(finding: Finding, report: ScanReport): string {
  const said = describeFinding(finding, report.threshold);
  const place = `${finding.file}:${finding.startLine}`;
  return testCase(
    finding,
    isFailure(finding, report)
      ? element('failure', { message: said, type: ruleOf(finding).id }, `${place}\n${said}`)
      : element('skipped', { message: said }),
  );
}

function testCase({ file, name, startLine }: Finding, body: string): string {
  return `${open('testcase', { classname: file, name: `${printable(name)} (line ${startLine})` })}${body}</testcase>`;
}

type Attributes = Readonly<Record<string, string | number>>;

const open = (name: string, attributes: Attributes) =>
  `<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${xmlText(String(value))}"`)
    .join('')}>`;

const element = (name: string, attributes: Attributes, text = '') =>
  text === ''
    ? `${open(name, attributes).slice(0, -1)}/>`
    : `${open(name, attributes)}${xmlText(text)}</${name}>`;

/** Escaped, and without the characters that XML cannot hold even escaped. */
function xmlText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
