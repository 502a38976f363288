/** @file Two models side by side as a table for papers and spreadsheets: a row per figure. */
import type { ModelDifference } from '../../evaluation/compare-models.ts';
import { figureHeading } from '../../evaluation/figures.ts';
import { snakeName } from '../../evaluation/metrics/metric-names.ts';
import type { DataTable } from '../../report/table-formats.ts';
import type { ComparedRuns } from '../../workflows/compare/compare.ts';
import { pText, signedText } from './comparison-text.ts';

/** At full precision. */
export const comparisonCsv = ({ differences }: ComparedRuns): DataTable => ({
  columns: [
    'figure',
    'first',
    'second',
    'difference',
    'difference_low',
    'difference_high',
    'p_value',
    'better',
  ],
  rows: differences.map(({ figure, first, second, interval, pValue, decided }) => [
    snakeName(figure),
    ...[first, second, second - first, interval.low, interval.high, pValue].map((value) => `${value}`),
    decided ?? '',
  ]),
  notes: [],
});

export function comparisonPage(comparison: ComparedRuns): DataTable {
  const { runs, data, functions, vulnerable, clusters, differences, verdict } = comparison;
  return {
    columns: ['', 'first', 'second', 'difference (95%)', 'p'],
    rows: differences.map((one) => [heading(one), ...figures(one)]),
    notes: [
      `first: ${runs[0].join(', ')}; second: ${runs[1].join(', ')}; ${functions} functions of ${data}, ${vulnerable} of them vulnerable, ` +
        `${clusters.count} ${clusters.by}s resampled.`,
      verdict,
    ],
  };
}

function heading({ figure }: ModelDifference): string {
  const { label, better } = figureHeading(figure);
  return better === 'lower' ? `${label} ↓` : label;
}

const figures = ({ first, second, interval: { low, high }, pValue }: ModelDifference) => [
  first.toFixed(3),
  second.toFixed(3),
  `${signedText(second - first)} (${signedText(low)} to ${signedText(high)})`,
  pText(pValue),
];
