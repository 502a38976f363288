/** @file The scan for a person at a terminal: frames of the most certain findings, the others as lines, then the sums. */
import type { Finding, ScanReport } from '../finding.ts';
import { codeFrame } from './code-frame.ts';
import {
  countOf,
  describeChange,
  describeCwe,
  describeNearest,
  describeReason,
  printable,
  scanCautions,
  scanNotes,
} from './describe.ts';
import { describeScore, formatScore } from './score-words.ts';

/** Paints; the command line hands in its own. */
export interface TextColors {
  strong(text: string): string;
  muted(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

export interface TextOptions {
  readonly colors: TextColors;
  readonly columns: number;
  /** Findings shown with code. */
  readonly frames: number;
  /** A path as the reader would write it. */
  readonly displayPath: (file: string) => string;
}

const FRAME_LINES = 8;
const MOST_LISTED = 200;

export function textReport(report: ScanReport, options: TextOptions): string {
  const framed = report.findings.slice(0, options.frames);
  const listed = report.findings.slice(framed.length, framed.length + MOST_LISTED);
  const rest = report.findings.length - framed.length - listed.length;
  const parts = [
    ...framed.map(
      (finding) => `${headline(finding, report.threshold, options)}\n${details(finding, options)}`,
    ),
    listed.map((finding) => `${headline(finding, report.threshold, options)}\n`).join(''),
    rest > 0 ? `and ${rest} more ${rest === 1 ? 'finding' : 'findings'} (--format json lists all)\n` : '',
    suppressedPart(report, options),
    changedPart(report, options),
    summary(report, options),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function headline(finding: Finding, threshold: number, { colors, displayPath }: TextOptions): string {
  const { file, startLine, startColumn, name, score, band, truncated } = finding;
  const place = `${printable(displayPath(file))}:${startLine}:${startColumn}`;
  const change =
    finding.scoreBefore === undefined ? '' : `  ${describeChange(score, finding.scoreBefore).toLowerCase()}`;
  const read = truncated ? colors.muted('  (truncated: only part of it was read)') : '';
  return `${colors.strong(place)}  ${bandText(band, colors)}  ${printable(name)}  ${describeScore(score, threshold)}${change}${read}`;
}

function bandText(band: Finding['band'], colors: TextColors): string {
  if (band === 'safe') return colors.good(band);
  return band === 'vulnerable' ? colors.bad(band) : colors.warning(band);
}

function details(finding: Finding, { colors, columns }: TextOptions): string {
  const { code, startLine, startColumn, endLine, lineScores, cwe, nearest } = finding;
  const lines: string[] = [];
  if (code !== undefined) {
    const frame = codeFrame({ code, startLine, startColumn }, lineScores, FRAME_LINES);
    const width = String(frame.at(-1)?.number ?? startLine).length;
    let previous = startLine - 1;
    for (const { number, text, heat } of frame) {
      if (number > previous + 1) lines.push(colors.muted(`  ${' '.repeat(width)} ⋮`));
      previous = number;
      const mark = heat !== undefined && heat >= 0.5 ? colors.bad('>') : ' ';
      const room = Math.max(20, columns - width - 6);
      const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
      lines.push(`${mark} ${colors.muted(`${String(number).padStart(width)} │`)} ${shown}`);
    }
    if (previous < endLine) lines.push(colors.muted(`  ${' '.repeat(width)} ⋮ to line ${endLine}`));
  }
  if (cwe !== undefined && cwe.length > 0) lines.push(`  ${describeCwe(cwe)}`);
  if (nearest !== undefined) lines.push(`  ${describeNearest(nearest)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function suppressedPart({ suppressed, threshold }: ScanReport, options: TextOptions): string {
  if (suppressed.length === 0) return '';
  const lines = suppressed
    .slice(0, MOST_LISTED)
    .map(
      (one) =>
        `  ${headline(one, threshold, options)}  ${options.colors.muted(one.suppression === undefined ? '' : describeReason(one.suppression))}\n`,
    );
  return `${options.colors.strong('Suppressed in the source:')}\n${lines.join('')}`;
}

function changedPart({ changed, threshold }: ScanReport, options: TextOptions): string {
  if (changed === undefined) return '';
  if (changed.length === 0) return 'No function changed.\n';
  const lines = changed.slice(0, MOST_LISTED).map((one) => `  ${headline(one, threshold, options)}\n`);
  return `${options.colors.strong('What the changes did:')}\n${lines.join('')}`;
}

function summary(report: ScanReport, { colors, frames }: TextOptions): string {
  const { counts, threshold, thresholdSource, blend } = report;
  const isMarked = report.findings.slice(0, frames).some(({ lineScores }) => lineScores !== undefined);
  const { functions, files, vulnerable, uncertain, safe, suppressed } = counts;
  const bands = [
    vulnerable > 0 ? colors.bad(`${vulnerable} vulnerable`) : '0 vulnerable',
    uncertain > 0 ? colors.warning(`${uncertain} uncertain`) : '0 uncertain',
    `${safe} safe`,
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
  ].join(', ');
  return [
    `${countOf(functions, 'function')} in ${countOf(files, 'file')}: ${bands}`,
    ...(isMarked
      ? [
          colors.muted(
            '> lines that pushed the score most towards "vulnerable": a hint where to look, not a proof',
          ),
        ]
      : []),
    colors.muted(`threshold ${formatScore(threshold)} (${thresholdSource})`),
    ...(blend === undefined ? [] : [colors.muted(blend)]),
    ...scanCautions(report),
    ...scanNotes(report),
    '',
  ].join('\n');
}
