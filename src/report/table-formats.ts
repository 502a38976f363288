/** @file A table of text in the formats that papers, pages and spreadsheets take. Computes nothing. */

export interface DataTable {
  readonly columns: readonly string[];
  /** As many cells each as there are columns; the first names the row. */
  readonly rows: readonly (readonly string[])[];
  /** What has to be known beside the figures; CSV has no place for it. */
  readonly notes: readonly string[];
}

/** RFC 4180: a cell with a comma, a quote or a line end is quoted. */
export function csvTable({ columns, rows }: DataTable): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns, ...rows].map((cells) => `${cells.map(cell).join(',')}\n`).join('');
}

/** A table of GitHub's Markdown; its cells are Markdown already. */
export function markdownRows(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  separators: readonly string[] = headings.map(() => '---'),
): string {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\r?\n/g, ' ')).join(' | ')} |`;
  return [headings, separators, ...rows].map(row).join('\n');
}

export function markdownTable({ columns, rows, notes }: DataTable): string {
  const plain = (cells: readonly string[]) => cells.map(markdownText);
  const separators = columns.map((_, i) => (i === 0 ? '---' : '---:'));
  const table = markdownRows(plain(columns), rows.map(plain), separators);
  return [table, ...notes.map(markdownText)].map((part) => `${part}\n`).join('\n');
}

/** Text that Markdown shows as it is. `|` is escaped by the table. */
const markdownText = (text: string) =>
  text
    .replaceAll(/[\\`*_[\]#~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');

/** LaTeX with the lines of booktabs; the notes are comments, for a caption. */
export function latexTable({ columns, rows, notes }: DataTable): string {
  const row = (cells: readonly string[]) => `${cells.map(latexText).join(' & ')} \\\\`;
  return [
    ...notes.map((note) => `% ${note.replaceAll(/\s+/g, ' ')}`),
    '% needs \\usepackage{booktabs}',
    `\\begin{tabular}{l${'r'.repeat(columns.length - 1)}}`,
    '\\toprule',
    row(columns),
    '\\midrule',
    ...rows.map(row),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '–': '--',
  '−': '$-$',
  '±': '$\\pm$',
  '↓': '$\\downarrow$',
};

const latexText = (text: string) =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\~^<>|"–−±↓&%$#_{}]/g, (character) => LATEX[character] ?? `\\${character}`);
