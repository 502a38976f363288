/** @file The formats in which a command prints its figures as a table, beside its text. */
import { csvTable, type DataTable, latexTable, markdownTable } from '../../report/table-formats.ts';
import { harmless } from './harmless-text.ts';

export const FIGURE_FORMATS = ['text', 'csv', 'md', 'tex'] as const;
export type FigureFormat = (typeof FIGURE_FORMATS)[number];
export type TableFormat = Exclude<FigureFormat, 'text'>;

const WRITERS: Readonly<Record<TableFormat, (table: DataTable) => string>> = {
  csv: csvTable,
  md: markdownTable,
  tex: latexTable,
};

/** Names of runs and files are others' text. */
export function formatDataTable({ columns, rows, notes }: DataTable, format: TableFormat): string {
  return WRITERS[format]({
    columns,
    rows: rows.map((cells) => cells.map(harmless)),
    notes: notes.map(harmless),
  });
}
