/**
 * @file An evaluation as a table for papers and spreadsheets: a row per model and baseline. CSV has every figure at full
 * precision with its interval, the other formats the figures that fit a page, rounded.
 */
import { withBlend } from '../../evaluation/compare-baselines.ts';
import type { EvaluationRow } from '../../evaluation/evaluation-row.ts';
import { type FigureName, figureHeading, figureNames, figureValue } from '../../evaluation/figures.ts';
import { snakeName } from '../../evaluation/metrics/metric-names.ts';
import type { DataTable } from '../../report/table-formats.ts';
import type { Evaluation } from '../../workflows/evaluate/evaluation.ts';
import { describeDrift } from '../../workflows/open/precision.ts';
import { range } from './evaluation-table.ts';

/** What a page has room for. */
const PAGE_FIGURES: readonly FigureName[] = [
  'rocAuc',
  'averagePrecision',
  'f1',
  'mcc',
  'precision',
  'recall',
  'falsePositiveRate',
  'brier',
  'P-C',
];

/** Every figure, its interval beside it; a figure that is not defined is an empty cell. */
export function evaluationCsv(evaluation: Evaluation): DataTable {
  const named = tableRows(evaluation);
  return {
    columns: [
      'model',
      'functions',
      'vulnerable',
      'threshold',
      'threshold_from',
      ...figureNames.map(snakeName).flatMap((name) => [name, `${name}_low`, `${name}_high`]),
    ],
    rows: named.map(({ label, row: { result, intervals, thresholdFrom } }) => [
      label,
      `${result.n}`,
      `${result.positives}`,
      `${result.threshold}`,
      thresholdFrom,
      ...figureNames.flatMap((name) => {
        const interval = intervals?.[name];
        return [figureValue(result, name), interval?.low, interval?.high].map((value) => `${value ?? ''}`);
      }),
    ]),
    notes: [],
  };
}

export function evaluationPage(evaluation: Evaluation): DataTable {
  const named = tableRows(evaluation);
  const figures = PAGE_FIGURES.filter((name) =>
    named.some(({ row }) => figureValue(row.result, name) !== undefined),
  );
  return {
    columns: [
      '',
      ...figures.map(figureHeading).map(({ label, better }) => (better === 'lower' ? `${label} ↓` : label)),
    ],
    rows: named.map(({ label, row }) => [label, ...figures.map((name) => cell(row, name))]),
    notes: pageNotes(evaluation),
  };
}

function cell({ result, intervals }: EvaluationRow, name: FigureName): string {
  const value = figureValue(result, name);
  const interval = intervals?.[name];
  if (value === undefined) return '–';
  return interval === undefined ? value.toFixed(3) : `${value.toFixed(3)} (${range(interval)})`;
}

/** Each of several runs, then their ensemble and the baselines; the blend below them for one run. */
function tableRows({ evaluated, ensemble }: Evaluation) {
  const last = withBlend((ensemble ?? evaluated[0]!).comparison);
  const runs = evaluated.map(({ run, comparison }) => ({ label: run.name, row: comparison.rows[0]! }));
  return [...(ensemble === undefined ? [] : runs), ...last.map((row) => ({ label: row.label, row }))];
}

/** A table that is copied out of its context takes its conditions along. */
function pageNotes({
  data,
  evaluated,
  ensemble,
  contamination,
  dropped,
  isValidation,
}: Evaluation): string[] {
  const { rows, bootstrap, shortfalls } = (ensemble ?? evaluated[0]!).comparison;
  const { n, positives } = rows[0]!.result;
  const intervals =
    bootstrap === undefined
      ? 'no intervals'
      : `intervals: 95%, ${bootstrap.resamples} resamples of ${bootstrap.clusters} ${bootstrap.clusterBy}s`;
  const left = dropped > 0 ? `, without ${dropped} that were trained on` : '';
  return [
    `${n} functions of ${data}, ${positives} of them vulnerable${left}; ${intervals}.`,
    ...shortfalls.map(({ sentence }) => sentence),
    ...evaluated.flatMap(({ run: { drift } }) =>
      drift === undefined ? [] : [`Scored with ${describeDrift(drift)}.`],
    ),
    ...(contamination.found === undefined ? ['Not checked for contamination.'] : []),
    ...(contamination.rows.size > 0 && dropped === 0
      ? [
          `CONTAMINATED: ${contamination.rows.size} test functions were trained on, so these figures are too good.`,
        ]
      : []),
    ...(isValidation ? ['This is the validation file, so these figures are too good.'] : []),
  ];
}
