/** @file What `lines` prints: functions with the heat of their lines, and the table of measures. */

import { formatCount, formatSignificant } from '../../base/numbers.ts';
import { FEW_CLUSTERS } from '../../evaluation/resampling/clusters.ts';
import type { Interval } from '../../evaluation/resampling/intervals.ts';
import { LINE_MEASURES, type LineMeasures, RANDOM_ORDERS } from '../../explain/line-metrics.ts';
import { linesOf } from '../../explain/line-scores.ts';
import type { ExplainedFunction, LineComparison, LinesResult } from '../../workflows/lines/lines-options.ts';
import { harmless } from '../display/harmless-text.ts';
import { heatedLines, heatLegend } from '../display/line-heat.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';

export interface LinesTextOptions {
  /** Lines shown of a function: the hottest ones. */
  readonly maxLines: number;
}

export function linesText(result: LinesResult, options: LinesTextOptions, terminal: Terminal): string {
  const { explained, functions, measures, method } = result;
  const { colors } = terminal;
  const hasMarked = explained.some(({ input }) => markedLines(input).length > 0);
  const hasNegative = explained.some(({ explanation }) => explanation.scores.some((score) => score < 0));
  const rest = functions - explained.length;
  const parts = [
    heatLegend({ hasMarked, hasNegative }, terminal),
    ...explained.map((one) => functionText(one, { ...result, ...options }, terminal)),
    rest > 0
      ? `${formatCount(rest)} more ${rest === 1 ? 'function' : 'functions'} (--count shows more, --json all)\n`
      : '',
    measures === undefined ? '' : measuresText(measures, method, terminal),
  ].filter((part) => part !== '');
  if (measures === undefined) {
    parts.push(
      colors.muted(
        'lines not measured: the data does not mark the lines that a fix changed (vulnerable_lines)\n',
      ),
    );
  }
  return parts.join('\n');
}

function functionText(
  { input, score, truncated, explanation }: ExplainedFunction,
  { threshold, maxLength, maxLines }: LinesResult & LinesTextOptions,
  terminal: Terminal,
): string {
  const { colors } = terminal;
  const { id, path, name, firstLine, target, code } = input;
  const place = path === undefined ? String(id) : `${path}:${firstLine}`;
  const verdict = score >= threshold ? colors.bad('vulnerable') : colors.good('safe');
  const truth =
    target === undefined ? '' : colors.muted(`  (label: ${target === 1 ? 'vulnerable' : 'safe'})`);
  const cut = truncated
    ? colors.muted(`  (truncated: only the first ${formatCount(maxLength)} tokens were read)`)
    : '';
  const title = [place, name ?? '']
    .map((text) => harmless(text))
    .join('  ')
    .trimEnd();
  const heated = heatedLines(
    {
      lines: linesOf(code),
      scores: explanation.scores,
      read: explanation.read,
      marked: markedLines(input),
      firstLine,
      mostLines: maxLines,
    },
    terminal,
  );
  return `${colors.strong(title)}  ${formatSignificant(score)} ${verdict}${truth}${cut}\n${heated}`;
}

/** A detector should not point at lines of a safe function. */
const markedLines = ({ target, vulnerableLines }: ExplainedFunction['input']) =>
  target === 1 ? (vulnerableLines ?? []) : [];

function measuresText(comparison: LineComparison, method: string, terminal: Terminal): string {
  const { functions, notRead, clusters, aboveRandom } = comparison;
  const { colors } = terminal;
  const left =
    notRead === 0
      ? ''
      : `; ${formatCount(notRead)} more ${notRead === 1 ? 'was' : 'were'} truncated before any of them (--max-length reads more)`;
  const heading = `${colors.heading('Lines that fixes changed')}: found in ${formatCount(functions)} vulnerable functions${left}\n`;
  if (functions === 0) return heading;
  const digits = (name: keyof LineMeasures) => (name === 'initialFalseAlarm' ? 1 : 3);
  const rows = LINE_MEASURES.map((name) => [
    MEASURE_NAMES[name],
    ...[comparison.method, comparison.random, comparison.longestLine].map((of) =>
      of[name].toFixed(digits(name)),
    ),
    intervalText(aboveRandom[name], name === 'initialFalseAlarm' ? 1 : 2),
  ]);
  const table = renderTable(
    [
      { heading: '' },
      ...[method, 'random', 'longest line'].map((heading) => ({ heading, align: 'right' as const })),
      { heading: `${method} - random, 95%` },
    ],
    rows,
    terminal,
  );
  const few = clusters.count < FEW_CLUSTERS ? ' (few: true intervals are wider)' : '';
  const notes = [
    'top-k: share of functions with a changed line among the k hottest lines',
    'false alarms: other lines ahead of the first changed one, fewer are better',
    `random: mean of ${RANDOM_ORDERS} orders; intervals: ${clusters.count} ${clusters.by}s resampled${few}`,
  ];
  return `${heading}${table}${colors.muted(notes.join('\n'))}\n${verdict(comparison, method, terminal)}\n`;
}

const MEASURE_NAMES: Readonly<Record<keyof LineMeasures, string>> = {
  top1: 'top-1',
  top5: 'top-5',
  top10: 'top-10',
  initialFalseAlarm: 'false alarms',
};

/** In words, so that a ranking by chance is not taken for more. */
function verdict({ aboveRandom }: LineComparison, method: string, { colors }: Terminal): string {
  const shares = [aboveRandom.top1, aboveRandom.top5, aboveRandom.top10];
  const alarms = aboveRandom.initialFalseAlarm;
  const isBetter = shares.some((one) => one !== undefined && one.low > 0) || (alarms?.high ?? 0) < 0;
  const isWorse = shares.some((one) => one !== undefined && one.high < 0) || (alarms?.low ?? 0) > 0;
  return isBetter && !isWorse
    ? colors.good(`${method} finds changed lines sooner than random order does`)
    : colors.warning(`no evidence that ${method} finds changed lines sooner than random order does`);
}

function intervalText(interval: Interval | undefined, digits: number): string {
  if (interval === undefined) return '-';
  const signed = (value: number) => `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;
  return `${signed(interval.low)} to ${signed(interval.high)}`;
}
