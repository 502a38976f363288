/** @file Workflow commands that a CI log turns into annotations beside the code. */
import type { Finding, ScanReport } from '../finding.ts';
import { countOf, describeFinding, scanCautions, scanNotes } from './describe.ts';
import { ruleOf } from './rules.ts';
import { levelOf } from './severity.ts';

/** What GitHub shows of each kind, a step; more are only text in the log. */
const MOST_ANNOTATIONS = 10;
const COMMANDS = { warning: 'warning', note: 'notice' } as const;

export function githubReport(report: ScanReport): string {
  const lines = (['warning', 'note'] as const).flatMap((level) =>
    report.findings
      .filter((finding) => levelOf(finding, report) === level)
      .slice(0, MOST_ANNOTATIONS)
      .map((finding) => annotation(finding, COMMANDS[level], report)),
  );
  const { vulnerable, uncertain, functions } = report.counts;
  const summary = `${countOf(functions, 'function')} scanned: ${vulnerable} vulnerable, ${uncertain} uncertain.`;
  const cut = report.findings.length - lines.length;
  const shown = cut > 0 ? ` ${cut} more are not shown here: a step shows ${MOST_ANNOTATIONS} of a kind.` : '';
  const notes = [...scanCautions(report), ...scanNotes(report)].map(plainLine);
  return `${[...lines, plainLine(summary + shown), ...notes].join('\n')}\n`;
}

function annotation(finding: Finding, command: 'warning' | 'notice', { threshold }: ScanReport): string {
  const { file, startLine, endLine } = finding;
  const properties = [
    `file=${escapeProperty(file)}`,
    `line=${startLine}`,
    `endLine=${endLine}`,
    `title=${escapeProperty(ruleOf(finding).title)}`,
  ].join(',');
  return `::${command} ${properties}::${escapeData(describeFinding(finding, threshold))}`;
}

/** What a command carries: GitHub decodes these escapes again. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A line of the log, shown as it is. No text of a source may make a command of it: `::` after any blanks, `##[` anywhere. */
function plainLine(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('##[', '## [')
    .replace(/^\s*(?=::)/, '> ');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
