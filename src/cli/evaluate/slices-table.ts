/** @file Slices of a test set for people: one line each; those of few functions are folded into one. */
import { LEAST_OF_A_SLICE, type SliceResult } from '../../evaluation/slices/evaluate-slices.ts';
import type { SliceDimension } from '../../evaluation/slices/slice.ts';
import { dimensionLabels } from '../../evaluation/slices/standard-slices.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { range } from './evaluation-table.ts';

/** The dimensions that fit on a screen. */
const BRIEF: ReadonlySet<SliceDimension> = new Set(['set', 'length-matched']);

export function slicesTable(slices: readonly SliceResult[], all: boolean, terminal: Terminal): string {
  const wanted = all ? slices : slices.filter(({ dimension }) => BRIEF.has(dimension));
  const hidden = slices.length - wanted.length;
  const shown = wanted.filter(({ result }) => result.n >= LEAST_OF_A_SLICE);
  const folded = wanted.filter(({ result }) => result.n < LEAST_OF_A_SLICE);
  const { colors } = terminal;
  const rows = shown.map(({ dimension, name, result, intervals, right, wrong, tooSmall }, i) => [
    dimension === shown[i - 1]?.dimension ? '' : dimensionLabels[dimension],
    harmless(name),
    `${result.n}`,
    `${result.positives}`,
    result.metrics.rocAuc === undefined
      ? '–'
      : `${result.metrics.rocAuc.toFixed(2)}${intervals.rocAuc ? ` ${colors.muted(range(intervals.rocAuc))}` : ''}`,
    result.metrics.f1?.toFixed(2) ?? '–',
    `${right}`,
    `${wrong}`,
    (result.metrics.accuracy ?? 0).toFixed(3),
    tooSmall === undefined ? '' : '*',
  ]);
  const right = { align: 'right' } as const;
  const table = renderTable(
    [
      { heading: '' },
      { heading: 'slice' },
      { heading: 'n', ...right },
      { heading: 'vuln.', ...right },
      { heading: 'ROC AUC' },
      { heading: 'F1' },
      { heading: 'right', ...right },
      { heading: 'wrong', ...right },
      { heading: 'acc.' },
      { heading: '' },
    ],
    rows,
    terminal,
  );
  return [
    rows.length === 0 ? '' : `\n${table}`,
    shown.some(({ tooSmall }) => tooSmall !== undefined)
      ? `${colors.muted('* fewer than ten functions of a class: says nothing by itself')}\n`
      : '',
    folded.length === 0 ? '' : `${colors.muted(foldedText(folded))}\n`,
    hidden === 0
      ? ''
      : `${colors.muted(`${hidden} more slices (CWE, language, length, project): --slices`)}\n`,
  ].join('');
}

/** Named in the line; more are in the JSON. */
const MOST_NAMED = 8;

/** "3 slices of fewer than 20 functions say nothing by themselves: CWE-79 (12 of 19 right), ...". */
function foldedText(slices: readonly SliceResult[]): string {
  const named = slices
    .slice(0, MOST_NAMED)
    .map(({ name, right, result }) => `${harmless(name)} (${right} of ${result.n} right)`);
  const rest = slices.length - named.length;
  const list = `${named.join(', ')}${rest > 0 ? `, ${rest} more (--json has them)` : ''}`;
  const what = slices.length === 1 ? 'slice has' : 'slices have';
  return `${slices.length} ${what} fewer than ${LEAST_OF_A_SLICE} functions, too few to say anything: ${list}`;
}
