/** @file Tables: plain columns that still line up at 80 characters and survive being pasted into an issue. */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

/** No frames: a line under the headings, two spaces between columns. */
const CHARS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/**
 * Renders rows; the last column wraps where the terminal is too narrow.
 * @returns text with a newline at the end.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
): string {
  const { colors } = terminal;
  const widths = columns.map(({ heading }, index) =>
    Math.max(visibleWidth(heading), ...rows.map((row) => longestLine(row[index] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  // A path that does not fit is broken by the terminal: better than cut short, it can still be copied.
  const longestWord = Math.max(0, ...rows.flatMap((row) => (row.at(-1) ?? '').split(/\s/).map(visibleWidth)));
  const last = Math.max(longestWord, Math.min(widths.at(-1) ?? 0, terminal.columns() - before));
  const table = new Table({
    chars: CHARS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: [...widths.slice(0, -1), last],
    wordWrap: true,
  });
  const headings = columns.map(({ heading }) => heading);
  if (headings.some((heading) => heading !== ''))
    table.push(headings.map((heading) => colors.muted(heading)));
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Name and value in two columns under a heading. */
export function renderPairs(pairs: readonly (readonly [string, string])[], terminal: Terminal): string {
  const rows = pairs.map(([name, value]) => [`  ${terminal.colors.muted(name)}`, value]);
  return renderTable([{ heading: '' }, { heading: '' }], rows, terminal);
}

const longestLine = (text: string) => Math.max(...text.split('\n').map(visibleWidth));

/** Characters without colour codes. */
export function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
