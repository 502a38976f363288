/**
 * @file One line of progress as text: what is shown, in which order, and what goes first when the terminal is
 * narrow. Drawing it is progress.ts's work.
 */

import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatSignificant,
} from '../../base/numbers.ts';
import type { Task, TaskState } from '../../workflows/context.ts';
import type { Colors } from './colors.ts';
import { harmless } from './harmless-text.ts';

export interface LineOptions {
  readonly columns: number;
  readonly colors: Colors;
  readonly isUnicode: boolean;
  /** Undefined while there is too little to estimate from. */
  readonly remainingMs: number | undefined;
}

interface Segment {
  readonly text: string;
  /** The highest is left out first. */
  readonly dropOrder: number;
}

const BAR_COLUMNS = { least: 8, most: 24 };

/** The live line, at most `columns` wide. */
export function liveLine(task: Task, state: TaskState, options: LineOptions): string {
  const { colors, columns } = options;
  const share = shareDone(task, state);
  const percent = totalOf(task, state) === undefined ? '' : formatPercent(share).padStart(4);
  let segments = stateSegments(task, state, options.remainingMs);
  const width = () =>
    task.label.length +
    1 +
    BAR_COLUMNS.least +
    percent.length +
    segments.reduce((sum, { text }) => sum + 1 + text.length, 0);
  while (width() >= columns && segments.length > 0) {
    const worst = Math.max(...segments.map(({ dropOrder }) => dropOrder));
    segments = segments.filter(({ dropOrder }) => dropOrder !== worst);
  }
  // What is left over goes to the gaps first, then to the bar; the last column stays free, or terminals wrap.
  const gap = width() + segments.length < columns ? '  ' : ' ';
  const spare = columns - 1 - width() - (gap.length - 1) * segments.length;
  const barColumns = Math.min(BAR_COLUMNS.most, BAR_COLUMNS.least + Math.max(0, spare));
  const texts = segments.map(({ text }) => gap + text).join('');
  const line = `${task.label} ${bar(share, barColumns, options)}${percent}${texts}`;
  return width() < columns
    ? line
    : `${task.label} ${percent.trim()}`.slice(0, columns - 1).replace(task.label, colors.strong(task.label));
}

/** The line for a log: the same, without bar and colours, however long. */
export function plainLine(task: Task, state: TaskState, remainingMs: number | undefined): string {
  const texts = stateSegments(task, state, remainingMs).map(({ text }) => text);
  const percent = totalOf(task, state) === undefined ? '' : ` ${formatPercent(shareDone(task, state))}`;
  return [`${task.label}${percent}`, ...texts].join('  ');
}

/** 0..1; 0 while the total is not known. */
export function shareDone(task: Task, state: TaskState): number {
  const total = totalOf(task, state);
  if (total === undefined) return 0;
  return total === 0 ? 1 : Math.min(1, Math.max(0, state.done / total));
}

export function totalOf(task: Task, state: TaskState): number | undefined {
  return state.total ?? task.total;
}

function stateSegments(task: Task, state: TaskState, remainingMs: number | undefined): Segment[] {
  const segments: Segment[] = [];
  const add = (value: number | undefined, dropOrder: number, text: (value: number) => string) => {
    if (value !== undefined && Number.isFinite(value)) segments.push({ dropOrder, text: text(value) });
  };
  if (state.phase !== undefined) segments.push({ dropOrder: 8, text: harmless(state.phase) });
  segments.push({ dropOrder: 7, text: doneOfTotal(task, state) });
  add(state.lossNats, 1, (loss) => `loss ${loss.toFixed(3)}`);
  add(state.tokensPerSecond, 2, (rate) => `${formatSignificant(rate)} tok/s`);
  add(state.functionsPerSecond, 3, (rate) => `${formatSignificant(rate)} fn/s`);
  add(state.paddingShare, 5, (share) => `pad ${formatPercent(share)}`);
  add(state.memoryBytes, 4, formatBytes);
  add(remainingMs, 0, (ms) => `ETA ${formatDuration(Math.max(1000, ms)).replace(' ', '')}`);
  return segments;
}

function doneOfTotal(task: Task, state: TaskState): string {
  const total = totalOf(task, state);
  if (task.unit === 'bytes') {
    return total === undefined
      ? formatBytes(state.done)
      : `${formatBytes(state.done)} of ${formatBytes(total)}`;
  }
  return total === undefined
    ? `${formatCount(state.done)} ${task.unit}`
    : `${formatCount(state.done)}/${formatCount(total)}`;
}

function bar(share: number, columns: number, { colors, isUnicode }: LineOptions): string {
  const filled = Math.floor(share * columns);
  const [full, empty] = isUnicode ? ['━', '─'] : ['=', '-'];
  return colors.accent(full.repeat(filled)) + colors.muted(empty.repeat(columns - filled));
}
