/** @file Two models side by side for people: a line per figure, the verdict last. */
import type { ModelDifference } from '../../evaluation/compare-models.ts';
import { figureHeading } from '../../evaluation/figures.ts';
import type { ComparedRuns } from '../../workflows/compare/compare.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';

export function comparisonText(comparison: ComparedRuns, terminal: Terminal): string {
  const { colors } = terminal;
  const { runs, functions, vulnerable, clusters, differences, delong } = comparison;
  const rows = differences.map((one) => [
    figureHeading(one.figure).label + (figureHeading(one.figure).better === 'lower' ? ' ↓' : ''),
    one.first.toFixed(3),
    one.second.toFixed(3),
    `${signedText(one.second - one.first)} ${colors.muted(`${signedText(one.interval.low)} to ${signedText(one.interval.high)}`)}`,
    pText(one.pValue),
    better(one),
  ]);
  const right = { align: 'right' } as const;
  const test =
    delong === undefined
      ? ''
      : `DeLong's test of the ROC AUCs (functions taken as independent): z ${(-delong.z).toFixed(2)}, p ${pText(delong.pValue)}\n`;
  return [
    `${functions} functions, ${vulnerable} of them vulnerable${clusters.by === 'function' ? '' : `, of ${clusters.count} ${clusters.by}s`}\n`,
    `first: ${runs[0].join(', ')}\nsecond: ${runs[1].join(', ')}\n\n`,
    renderTable(
      [
        { heading: '' },
        { heading: 'first', ...right },
        { heading: 'second', ...right },
        { heading: 'difference, 95%' },
        { heading: 'p' },
        { heading: 'better' },
      ],
      rows,
      terminal,
    ),
    `\n${test}${colors.strong(comparison.verdict)}\n`,
  ].join('');
}

const better = ({ decided }: ModelDifference) => (decided === undefined ? 'noise' : decided);
export const pText = (p: number) => (p < 0.001 ? '<0.001' : p.toFixed(3));
export const signedText = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
