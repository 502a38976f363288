/** @file The scan as a page: one file, nothing fetched, everything out of a source escaped by the kit. */
import { cweTitle, cweUrl } from '../../dataset/cwe.ts';
import { html, type SafeHtml } from '../../report/html/html.ts';
import { codeFrame } from '../../report/kit/code-frame.ts';
import { type FilterItem, filterAttributes, filterForm } from '../../report/kit/filter.ts';
import { lineHeat } from '../../report/kit/heat.ts';
import { page, type Section } from '../../report/kit/page.ts';
import { FILTER_SCRIPT, SORT_SCRIPT } from '../../report/kit/scripts.ts';
import { callout, dataTable, emptyNote, keyFigures } from '../../report/kit/table.ts';
import type { Finding, ScanReport } from '../finding.ts';
import { dedent } from './dedent.ts';
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

const LINES_NOTE =
  'Warmer lines pushed the score more towards "vulnerable" (gradient x input): a hint where to look, not a proof.';

/** A page holds this many rows of a list; JSON holds them all. */
const MOST_ROWS = 1000;

export function htmlReport(report: ScanReport): string {
  const { findings, suppressed, changed, run, version, endedAt, threshold } = report;
  const sections: Section[] = [
    summary(report),
    list('findings', 'Findings', findings, { note: 'Highest score first.', hasFilter: true }),
  ];
  if (findings.some(({ code }) => code !== undefined)) sections.push(codeOf(findings, threshold));
  if (changed !== undefined) {
    sections.push(list('changes', 'What the changes did', changed, { note: 'Every function that changed.' }));
  }
  if (suppressed.length > 0) {
    const note = 'With the reason that the comment gives.';
    sections.push(list('suppressed', 'Suppressed in the source', suppressed, { note }));
  }
  return page({
    title: 'Scan for vulnerable functions',
    kicker: 'Vultune scan',
    lead: `${countOf(report.counts.functions, 'function')} in ${countOf(report.counts.files, 'file')}, scored by ${printable(run)}`,
    sections,
    footer: `Vultune ${version}, ${endedAt.toISOString()}. A score is the model's probability that the function is vulnerable.${settingsText(report)}`,
    scripts: [SORT_SCRIPT, FILTER_SCRIPT],
  });
}

function settingsText({ settings }: ScanReport): string {
  if (settings === undefined) return '';
  const keys = settings.keys.length === 0 ? '' : ` (${settings.keys.join(', ')})`;
  return ` Settings: ${printable(settings.file)}${keys}.`;
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

function codeOf(findings: readonly Finding[], threshold: number): Section {
  return {
    id: 'code',
    title: 'Code of the highest-scoring findings',
    shortTitle: 'Code',
    ...(findings.some(({ lineScores }) => lineScores !== undefined) ? { note: LINES_NOTE } : {}),
    body: html`${findings.map((finding, i) => {
      if (finding.code === undefined) return undefined;
      const { code, startLine, startColumn, lineScores, cwe, nearest } = finding;
      const item = itemOf(finding);
      return html`${codeFrame({
        code: dedent(code, startColumn),
        title: `${placeOf(finding)} ${printable(finding.name)}`,
        detail: `${finding.band}: ${describeScore(finding.score, threshold)}`,
        firstLine: startLine,
        isFolded: code.split('\n').length > 40,
        id: `code-${i + 1}`,
        item,
        ...(lineScores === undefined ? {} : { heat: lineHeat(lineScores) }),
      })}${cwe !== undefined && html`<p class="after"${filterAttributes(item)}>${describeCwe(cwe)}.</p>`}${nearest !== undefined && html`<p class="after"${filterAttributes(item)}>${describeNearest(nearest)}.</p>`}`;
    })}`,
  };
}

interface ListOptions {
  readonly note: string;
  readonly hasFilter?: boolean;
}

function list(
  id: string,
  title: string,
  findings: readonly Finding[],
  { note, hasFilter = false }: ListOptions,
): Section {
  if (findings.length === 0) return { id, title, body: emptyNote('None.') };
  const cut = findings.length - MOST_ROWS;
  const shown = findings.slice(0, MOST_ROWS);
  const hasSimilar = shown.some((finding) => similarTo(finding).length > 0);
  const hasRemarks = shown.some((finding) => remarks(finding).length > 0);
  const hasCwe = shown.some((one) => likelyCwe(one).length > 0);
  const table = dataTable({
    // The section's heading has the title.
    caption: cut > 0 ? `${note} The first ${MOST_ROWS}; ${cut} more are in the JSON format.` : note,
    columns: [
      { heading: 'Function' },
      { heading: 'Place' },
      { heading: 'Score', isNumber: true },
      { heading: 'Band' },
      ...(hasCwe ? [{ heading: 'Likely CWE' }] : []),
      ...(hasSimilar ? [{ heading: 'Most similar' }] : []),
      ...(hasRemarks ? [{ heading: 'Remarks' }] : []),
    ],
    isSortable: true,
    rows: shown.map((finding, i) => ({
      ...(hasFilter ? { item: itemOf(finding) } : {}),
      cells: [
        hasFilter && finding.code !== undefined
          ? html`<a href="#code-${i + 1}">${printable(finding.name)}</a>`
          : printable(finding.name),
        html`<span class="place">${placeOf(finding)}</span>`,
        formatScore(finding.score),
        html`<span class="band ${finding.band}">${finding.band}</span>`,
        ...(hasCwe ? [cweCell(finding)] : []),
        ...(hasSimilar ? [similarTo(finding).join(', ')] : []),
        ...(hasRemarks ? [remarks(finding).join(' ')] : []),
      ],
    })),
  });
  return { id, title, body: html`${hasFilter && filterOf(shown)}${table}` };
}

const FILTER = 'findings';

function filterOf(findings: readonly Finding[]): SafeHtml {
  const found = (valuesOf: (finding: Finding) => readonly string[]) => [
    ...new Set(findings.flatMap(valuesOf)),
  ];
  const similar = found(similarTo).toSorted();
  const cwes = found(likelyCwe).toSorted();
  return filterForm({
    name: FILTER,
    label: 'Filter the findings',
    unit: 'findings',
    fields: [
      { key: 'band', label: 'Band', choices: found(({ band }) => [band]) },
      { key: 'file', label: 'File contains' },
      ...(cwes.length === 0 ? [] : [{ key: 'cwe', label: 'Likely CWE', choices: cwes }]),
      ...(similar.length === 0
        ? []
        : [{ key: 'similar', label: 'CWE or CVE (most similar)', choices: similar }]),
    ],
  });
}

const itemOf = (finding: Finding): FilterItem => ({
  of: FILTER,
  values: {
    band: [finding.band],
    file: [printable(finding.file)],
    cwe: likelyCwe(finding),
    similar: similarTo(finding),
  },
});

/** The first guess of a CWE head. */
const likelyCwe = ({ cwe }: Finding): readonly string[] => (cwe ?? []).slice(0, 1).map(({ id }) => id);

const cweCell = ({ cwe }: Finding): SafeHtml | string => {
  const [likely] = cwe ?? [];
  if (likely === undefined) return '';
  return html`<a href="${cweUrl(likely.id)}" title="${cweTitle(likely.id) ?? ''}">${likely.id}</a> ${likely.probability.toFixed(2)}`;
};

/** CVE and CWEs of the nearest known function. */
const similarTo = ({ nearest }: Finding): readonly string[] =>
  [...(nearest?.cve === undefined ? [] : [nearest.cve]), ...(nearest?.cwe ?? [])].map(printable);

function remarks({ score, scoreBefore, truncated, suppression }: Finding): string[] {
  return [
    ...(scoreBefore === undefined ? [] : [`${describeChange(score, scoreBefore)}.`]),
    ...(truncated ? ['Truncated: only part of it was read.'] : []),
    ...(suppression === undefined ? [] : [describeReason(suppression)]),
  ];
}

const placeOf = ({ file, startLine, endLine }: Finding) =>
  `${printable(file)}:${startLine === endLine ? startLine : `${startLine}–${endLine}`}`;
