/** @file An evaluation for people: the model beside its baselines, what it does not beat, footnotes. */
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import { formatTable } from '../../evaluation/format.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';

/** Metrics as rows: there are more of them than of models, and terminals are 80 columns wide. */
export function evaluationTable(comparison: Comparison, terminal: Terminal): string {
  const { colors } = terminal;
  const { columns, rows, notes } = formatTable(comparison.rows);
  const arrow = { higher: '', lower: ' (lower is better)' } as const;
  const lines = columns.map(({ label, better }, metric) => [
    `${label}${colors.muted(arrow[better])}`,
    ...rows.map(({ name, cells }) => (name === 'model' ? colors.strong(cells[metric]!) : cells[metric]!)),
  ]);
  const headings = rows.map(({ label }) => ({ heading: label, align: 'right' }) as const);
  const { n, positives } = comparison.rows[0]!.result;
  return [
    `${n} functions, ${positives} of them vulnerable\n\n`,
    renderTable([{ heading: '' }, ...headings], lines, terminal),
    ...comparison.shortfalls.map(({ sentence }) => `\n${colors.warning(sentence)}`),
    comparison.shortfalls.length > 0 ? '\n' : '',
    ...notes.map((note) => `\n${colors.muted(note)}`),
    notes.length > 0 ? '\n' : '',
  ].join('');
}
