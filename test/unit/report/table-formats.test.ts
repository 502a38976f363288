/** @file Tables in other formats: what their syntax means something by is escaped. */
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csvTable, latexTable, markdownTable } from '../../../src/report/table-formats.ts';

const ODD = 'a_1 & 50% #{x} | "q", \\y~z^ <b> $m$ `c` *d* [e]\nf';
const table = { columns: ['', 'F1 ↓'], rows: [[ODD, '0.1 ± 0.2 (0–1) −3']], notes: ['100% of a|b\nc'] };

test('CSV reads back as it was', () => {
  expect(parse(csvTable(table))).toEqual([table.columns, ...table.rows]);
});

test('Markdown keeps a row a row and shows every character', () => {
  const [heading, separators, row, blank, note] = markdownTable(table).split('\n');
  expect([heading, separators, blank]).toEqual(['|  | F1 ↓ |', '| --- | ---: |', '']);
  expect(row).toBe(
    '| a\\_1 &amp; 50% \\#{x} \\| "q", \\\\y\\~z^ &lt;b> \\$m\\$ \\`c\\` \\*d\\* \\[e\\] f | 0.1 ± 0.2 (0–1) −3 |',
  );
  expect(note).toBe('100% of a|b');
});

test('LaTeX has no character left that means something to it', () => {
  const lines = latexTable(table).split('\n');
  expect(lines[0]).toBe('% 100% of a|b c');
  expect(lines).toContain(
    'a\\_1 \\& 50\\% \\#\\{x\\} \\textbar{} \\textquotedbl{}q\\textquotedbl{}, \\textbackslash{}y\\textasciitilde{}z\\textasciicircum{} ' +
      '\\textless{}b\\textgreater{} \\$m\\$ `c` *d* [e] f & 0.1 $\\pm$ 0.2 (0--1) $-$3 \\\\',
  );
});
