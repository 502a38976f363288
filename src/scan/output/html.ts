/** @file The scan as a page: one file, nothing fetched, everything out of a source escaped by the kit. */
import { html } from '../../report/html/html.ts';
import { codeFrame } from '../../report/kit/code-frame.ts';
import { lineHeat } from '../../report/kit/heat.ts';
import { page, type Section } from '../../report/kit/page.ts';
import { callout, dataTable, emptyNote, keyFigures } from '../../report/kit/table.ts';
import type { Finding, ScanReport } from '../finding.ts';
import { dedent } from './dedent.ts';
import {
  countOf,
  describeChange,
  describeNearest,
  describeReason,
  printable,
  scanCautions,
  scanNotes,
} from './describe.ts';
import { describeScore, formatScore } from './score-words.ts';

const LINES_NOTE =
  'Warmer lines pushed the score more towards "vulnerable" (gradient x input): a hint where to look, not a proof.';

/** A page holds this many rows of a list; JSON holds them all. */
const MOST_ROWS = 1000;

export function htmlReport(report: ScanReport): string {
  const { findings, suppressed, changed, run, version, endedAt } = report;
  const sections: Section[] = [summary(report)];
  const framed = findings.filter(({ code }) => code !== undefined);
  if (framed.length > 0) sections.push(mostCertain(framed, report.threshold));
  if (changed !== undefined) {
    sections.push(list('changes', 'What the changes did', changed, 'Every function that changed.'));
  }
  sections.push(list('findings', 'All findings', findings, 'Highest score first.'));
  if (suppressed.length > 0) {
    sections.push(
      list('suppressed', 'Suppressed in the source', suppressed, 'With the reason that the comment gives.'),
    );
  }
  return page({
    title: 'Scan for vulnerable functions',
    kicker: 'Vultune scan',
    lead: `${countOf(report.counts.functions, 'function')} in ${countOf(report.counts.files, 'file')}, scored by ${printable(run)}`,
    sections,
    footer: `Vultune ${version}, ${endedAt.toISOString()}. A score is the model's probability that the function is vulnerable.`,
  });
}

function summary(report: ScanReport): Section {
  const { counts, threshold, thresholdSource, blend } = report;
  const figure = (label: string, value: number) => ({ label, value: value.toLocaleString('en-US') });
  return {
    id: 'summary',
    title: 'Summary',
    ...(blend === undefined ? {} : { note: blend }),
    body: html`${keyFigures([
      figure('Vulnerable', counts.vulnerable),
      figure('Uncertain', counts.uncertain),
      figure('Safe', counts.safe),
      figure('Suppressed', counts.suppressed),
      { label: 'Threshold', value: formatScore(threshold), note: thresholdSource },
    ])}${callout([...scanCautions(report), ...scanNotes(report)])}`,
  };
}

function mostCertain(findings: readonly Finding[], threshold: number): Section {
  return {
    id: 'most-certain',
    title: 'Highest-scoring findings',
    ...(findings.some(({ lineScores }) => lineScores !== undefined) ? { note: LINES_NOTE } : {}),
    body: html`${findings.map((finding) => {
      const { code = '', startLine, startColumn, lineScores, nearest } = finding;
      return html`${codeFrame({
        code: dedent(code, startColumn),
        title: `${placeOf(finding)} ${printable(finding.name)}`,
        detail: `${finding.band}: ${describeScore(finding.score, threshold)}`,
        firstLine: startLine,
        isFolded: code.split('\n').length > 40,
        ...(lineScores === undefined ? {} : { heat: lineHeat(lineScores) }),
      })}${nearest !== undefined && html`<p>${describeNearest(nearest)}.</p>`}`;
    })}`,
  };
}

function list(id: string, title: string, findings: readonly Finding[], note: string): Section {
  if (findings.length === 0) return { id, title, body: emptyNote('None.') };
  const cut = findings.length - MOST_ROWS;
  return {
    id,
    title,
    body: dataTable({
      // The section's heading has the title.
      caption: cut > 0 ? `${note} The first ${MOST_ROWS}; ${cut} more are in the JSON format.` : note,
      columns: [
        { heading: 'Function' },
        { heading: 'Place' },
        { heading: 'Score', isNumber: true },
        { heading: 'Band' },
        { heading: 'Remarks' },
      ],
      rows: findings.slice(0, MOST_ROWS).map((finding) => ({
        cells: [
          printable(finding.name),
          placeOf(finding),
          formatScore(finding.score),
          finding.band,
          remarks(finding).join(' '),
        ],
      })),
    }),
  };
}

function remarks({ score, scoreBefore, truncated, suppression }: Finding): string[] {
  return [
    ...(scoreBefore === undefined ? [] : [`${describeChange(score, scoreBefore)}.`]),
    ...(truncated ? ['Truncated: only part of it was read.'] : []),
    ...(suppression === undefined ? [] : [describeReason(suppression)]),
  ];
}

const placeOf = ({ file, startLine, endLine }: Finding) =>
  `${printable(file)}:${startLine === endLine ? startLine : `${startLine}–${endLine}`}`;
