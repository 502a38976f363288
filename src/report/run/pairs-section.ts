/** @file The part of a run's page about pairs and sets: a function against its own fix, and against unrelated ones. */
import type { FigureName } from '../../evaluation/figures.ts';
import { OUTCOME_WORDS, rankingNotes, SET_WORDS } from '../../evaluation/pair-words.ts';
import { pairOutcomes } from '../../evaluation/pairs.ts';
import type { ReportData } from '../../evaluation/report-data.ts';
import { html, type SafeHtml } from '../html/html.ts';
import { count, metric, percent } from '../kit/numbers.ts';
import type { Section } from '../kit/page.ts';
import { callout, dataTable, emptyNote, type KeyFigure, keyFigures } from '../kit/table.ts';
import type { SetReport, TruncationReport } from './run-report-data.ts';

/** @param truncation what was cut of this set; undefined where the run does not know */
export function pairsSection(
  { measured, hasRecords }: SetReport,
  truncation: TruncationReport | undefined,
): Section {
  const { pairs, unrelated } = measured.result;
  const figures: KeyFigure[] = [
    ...(pairs?.rankingAccuracy === undefined
      ? []
      : [rankingFigure(measured, 'pairRanking', 'V2P: against its own fix', pairs.rankingAccuracy)]),
    ...(unrelated === undefined
      ? []
      : [rankingFigure(measured, 'unrelatedRanking', 'V2N: against unrelated functions', unrelated.rocAuc)]),
  ];
  const body =
    figures.length === 0
      ? emptyNote(
          hasRecords
            ? 'No function of this set names its pair or its set (P1, P2, P3).'
            : 'The data file of this run is gone or has changed, so its pairs are not known.',
        )
      : html`${keyFigures(figures)}<div class="words">${rankingNotes(measured.result, count).map((text) => html`<p class="note">${text}.</p>`)}</div>
${pairs !== undefined && pairs.complete > 0 && outcomesTable(measured, pairs)}${setsTable(measured)}`;
  return {
    id: 'pairs',
    title: 'Pairs: vulnerable functions and their fixes',
    shortTitle: 'Pairs',
    note: 'A function and its fix differ in a few lines: telling them apart is what finding vulnerabilities takes.',
    body: html`${callout(truncation === undefined ? [] : truncationSentences(truncation))}${body}`,
  };
}

/** What no model of this max_length can see. */
export function truncationSentences({
  functions,
  truncated,
  pairs,
  identicalPairs,
}: TruncationReport): string[] {
  if (truncated === 0) return [];
  const cut = `${count(truncated)} of ${count(functions)} functions (${percent(truncated / Math.max(1, functions))}) are longer than max_length and were cut.`;
  if (identicalPairs === 0) return [cut];
  return [
    cut,
    `${count(identicalPairs)} of ${count(pairs)} pairs are the same text after the cut: what the fix changed lies beyond, and no score can tell the two apart.`,
  ];
}

function rankingFigure({ intervals }: ReportData, name: FigureName, label: string, value: number): KeyFigure {
  const interval = intervals[name];
  return {
    label,
    value: metric(value),
    note:
      interval === undefined
        ? 'no interval'
        : `95%: ${metric(interval.low, 2)} to ${metric(interval.high, 2)}`,
  };
}

function outcomesTable(
  { intervals }: ReportData,
  pairs: NonNullable<ReportData['result']['pairs']>,
): SafeHtml {
  const left =
    pairs.incomplete === 0 ? '' : ` ${count(pairs.incomplete)} are incomplete and were not judged.`;
  return dataTable({
    caption: 'Outcomes of pairs at the threshold',
    note: `${count(pairs.complete)} pairs of a function and its fix.${left} Small numbers: 95% bootstrap interval.`,
    columns: [
      { heading: 'Outcome' },
      { heading: 'Pairs', isNumber: true },
      { heading: 'Share', isNumber: true },
      { heading: 'What it means' },
    ],
    rows: pairOutcomes.map((name) => {
      const interval = intervals[name];
      return {
        cells: [
          name,
          count(pairs.counts[name]),
          html`${percent(pairs.fractions?.[name], 1)}${interval && html`<span class="ci">${metric(100 * interval.low, 0)}–${percent(interval.high)}</span>`}`,
          OUTCOME_WORDS[name],
        ],
      };
    }),
  });
}

function setsTable({ histogram }: ReportData): SafeHtml | undefined {
  const sets = (Object.keys(SET_WORDS) as (keyof typeof SET_WORDS)[]).flatMap((set) => {
    const total = histogram.reduce((sum, { counts }) => sum + (counts[set] ?? 0), 0);
    return total === 0 ? [] : [{ set, total }];
  });
  if (sets.length === 0) return undefined;
  return dataTable({
    caption: 'Sets',
    columns: [{ heading: 'Set' }, { heading: 'Functions', isNumber: true }, { heading: 'What is in it' }],
    rows: sets.map(({ set, total }) => ({ cells: [set, count(total), SET_WORDS[set]] })),
  });
}
