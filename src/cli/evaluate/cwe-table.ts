/** @file How often a CWE head is right, for people: beside the most frequent class, then by CWE. Computes nothing. */
import type { CweEvaluation } from '../../evaluation/cwe/evaluate-cwe.ts';
import { foldClasses } from '../../evaluation/cwe/fold-classes.ts';
import type { Interval } from '../../evaluation/resampling/intervals.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { range } from './evaluation-table.ts';

export function cweTable(evaluation: CweEvaluation, title: string, terminal: Terminal): string {
  const { functions, outside, unnamed, majority, intervals, byClass, bootstrap } = evaluation;
  const { colors } = terminal;
  const cell = (value: number, interval?: Interval) =>
    interval === undefined ? value.toFixed(3) : `${value.toFixed(3)} ${colors.muted(range(interval))}`;
  const figures = renderTable(
    [{ heading: '' }, { heading: 'first guess' }, { heading: 'among three' }, { heading: 'macro F1' }],
    [
      [
        colors.strong(title),
        cell(evaluation.top1, intervals.top1),
        cell(evaluation.top3, intervals.top3),
        cell(evaluation.macroF1, intervals.macroF1),
      ],
      [`always ${majority.id}`, cell(majority.top1), cell(majority.top3), cell(majority.macroF1)],
    ],
    terminal,
  );
  const right = { align: 'right' } as const;
  const rows = renderTable(
    [
      { heading: 'CWE' },
      { heading: 'n', ...right },
      { heading: 'first guess', ...right },
      { heading: 'among three', ...right },
    ],
    foldClasses(byClass).map((row) => [
      row.label,
      `${row.functions}`,
      row.top1.toFixed(2),
      row.top3.toFixed(2),
    ]),
    terminal,
  );
  const few = bootstrap.fewClusters
    ? `; only ${bootstrap.clusters} ${bootstrap.clusterBy}s, so true intervals are wider`
    : '';
  const left = `${outside} with other CWEs alone and ${unnamed} without a CWE are not counted`;
  return `\n${figures}${colors.muted(`of ${functions} vulnerable functions with one of its CWEs; ${left}${few}`)}\n\n${rows}`;
}
