/** @file The report of `data inspect` for people. What comes out of a file is others' text: nothing of it moves the cursor. */

import { formatBytes, formatCount, formatPercent } from '../../base/numbers.ts';
import type {
  FieldReport,
  InspectedRecord,
  InspectReport,
} from '../../dataset/statistics/inspect-dataset.ts';
import { readingNotes } from '../../workflows/reading-notes.ts';
import { harmless } from './harmless-text.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const LINES_SHOWN = 30;
const COLUMNS_SHOWN = 160;

export function inspectText(report: InspectReport, terminal: Terminal): string {
  const { path, format, columns, labels, sizeBytes, total, parts, fields, first } = report;
  // The format stands in the first line.
  const known = { format: 'vultune', columns: columns ?? undefined, leftOut: {} };
  const notes = readingNotes({ ...known, labels: new Map(Object.entries(labels)) });
  const size = sizeBytes === null ? '' : `, ${formatBytes(sizeBytes)}`;
  const unlabelled = total.unlabelled === 0 ? '' : `, ${formatCount(total.unlabelled)} without a label`;
  const partLines = Object.entries(parts).map(([name, { functions, vulnerable }]) => {
    const share = formatPercent(functions === 0 ? 0 : vulnerable / functions);
    return `  ${harmless(name)}: ${formatCount(functions)}, ${formatCount(vulnerable)} vulnerable (${share})\n`;
  });
  return [
    `${terminal.colors.heading(harmless(path))}: ${format}${size}, ${formatCount(total.functions)} functions${unlabelled}\n`,
    ...notes.map((note) => `  ${harmless(note)}\n`),
    ...partLines,
    `\n${fieldTable(fields, total.functions, terminal)}`,
    ...first.map((record) => `\n${recordText(record, terminal)}`),
  ].join('');
}

function fieldTable(fields: readonly FieldReport[], functions: number, terminal: Terminal): string {
  const rows = fields.map(({ name, types, present, distinct, example }) => [
    harmless(name),
    types.join(', '),
    present === functions ? 'all' : formatPercent(present / functions),
    distinct === null ? '>1,000' : formatCount(distinct),
    harmless(example),
  ]);
  const right = { align: 'right' } as const;
  const columns = [
    { heading: 'field' },
    { heading: 'type' },
    { heading: 'given', ...right },
    { heading: 'different', ...right },
    { heading: 'for instance' },
  ];
  return renderTable(columns, rows, terminal);
}

function recordText({ file, line, part, record }: InspectedRecord, { colors }: Terminal): string {
  const { code, target, ...facts } = record;
  const label = target === 1 ? colors.bad('vulnerable') : target === 0 ? 'not vulnerable' : 'no label';
  const known = Object.entries(facts).map(([name, value]) => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return `${colors.muted(`${harmless(name)}:`)} ${cut(harmless(text.replace(/\s+/g, ' ')), 100)}`;
  });
  const lines = code.split('\n');
  const shown = lines.slice(0, LINES_SHOWN).map((text) => `  ${cut(harmless(text), COLUMNS_SHOWN)}\n`);
  const more = lines.length - LINES_SHOWN;
  return [
    `${colors.heading(`${harmless(file)}:${line}`)}  ${label}  ${colors.muted(`part ${harmless(part)}`)}\n`,
    ...known.map((fact) => `  ${fact}\n`),
    '\n',
    ...shown,
    more > 0 ? `  ${colors.muted(`... and ${formatCount(more)} more lines`)}\n` : '',
  ].join('');
}

const cut = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 3)}...`);
