/** @file A result table as a page: the table with verdicts, curves, what differs from the paper, and the cells with their runs. */
import { html, type SafeHtml } from '../report/html/html.ts';
import { lineChart } from '../report/kit/charts.ts';
import { page, type Section } from '../report/kit/page.ts';
import { SORT_SCRIPT } from '../report/kit/scripts.ts';
import { callout, dataTable, emptyNote } from '../report/kit/table.ts';
import type { ResultTable } from './result-table.ts';
import { type Summary, summarise } from './summary.ts';
import { differencesTitle, hasPaperCells, paperText, seedsText, summaryParts } from './table-text.ts';

export interface TablePageOptions {
  /** Where the page of a cell's run is, as seen from this page; undefined where it has none. */
  readonly linkOf: (id: string) => string | undefined;
}

export function tablePage(table: ResultTable, options: TablePageOptions): string {
  const { title, source, question, scale } = table;
  return page({
    title,
    kicker: 'Vultune · experiment',
    lead: html`${source !== undefined && html`<p>${source}</p>`}${question !== undefined && html`<p>${question}</p>`}`,
    sections: [
      tableSection(table, scale),
      ...(table.curves.some(({ series }) => series.length > 0) ? [curvesSection(table)] : []),
      differencesSection(table),
      cellsSection(table, options),
    ],
    scripts: [SORT_SCRIPT],
  });
}

function tableSection(table: ResultTable, scale: string | undefined): Section {
  const { columns, rows, baselines } = table;
  const hasPaper = hasPaperCells(table);
  const beside = (paper: string) => (hasPaper ? [paper] : []);
  const verdicts = columns.flatMap(({ label, verdict }) =>
    verdict === undefined ? [] : [`${label}: ${verdict}`],
  );
  const notes = rows.flatMap(({ name, note }) => (note === '' ? [] : [`${name}: ${note}`]));
  const list = (sentences: readonly string[]) =>
    sentences.length > 0 && html`<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
  return {
    id: 'table',
    title: hasPaper ? 'The paper beside ours' : 'Figures',
    shortTitle: 'Table',
    note: "Ours: mean over seeds; small: least–most of the seeds, and in brackets the 95% interval, Student's t over seeds or, with one seed, the bootstrap over its functions. A verdict is given only where intervals tell two rows apart.",
    body: html`${scale !== undefined && callout([hasPaper ? `Run at the scale ${scale}, not the paper's: only the order of rows can be compared.` : `Run at the scale ${scale}.`])}${dataTable(
      {
        caption: table.name,
        columns: [
          { heading: '' },
          ...columns.flatMap(({ label }) => [
            ...beside(`${label}: paper`).map((heading) => ({ heading, isNumber: true })),
            { heading: hasPaper ? 'ours' : label, isNumber: true },
          ]),
          { heading: 'Seeds', isNumber: true },
        ],
        rows: [
          ...rows.map(({ name, paper, ours, seeds }) => ({
            cells: [
              name,
              ...columns.flatMap(({ metric }, i) => [
                ...beside(paperText(paper[i])),
                summaryCell(ours[i], metric),
              ]),
              seedsText(seeds),
            ],
          })),
          ...baselines.map(({ label, figures }) => ({
            cells: [
              `Baseline: ${label}`,
              ...figures.flatMap((figure, i) => [
                ...beside(''),
                summaryCell(figure && summarise([figure]), columns[i]!.metric),
              ]),
              '',
            ],
          })),
        ],
      },
    )}${list(verdicts)}${list(notes)}`,
  };
}

/** The mean, and small beside it what it is worth. */
function summaryCell(summary: Summary | undefined, metric: string): SafeHtml | string {
  if (summary === undefined) return '–';
  const { mean, range, interval } = summaryParts(summary, metric);
  return html`${mean}<span class="ci">${[range, interval].filter((part) => part !== '').join(' ')}</span>`;
}

function curvesSection({ curves }: ResultTable): Section {
  const charts = curves.map(({ metric, series }) =>
    lineChart({
      title: `Validation ${metric.replaceAll('_', ' ')}`,
      x: { label: 'Epoch', isWhole: true },
      y: { label: metric },
      series: series.map(({ label, points }) => ({ label, points, hasDots: true })),
    }),
  );
  return {
    id: 'curves',
    title: 'Validation by epoch',
    shortTitle: 'Curves',
    body: html`<div class="grid">${charts}</div>`,
  };
}

function differencesSection(table: ResultTable): Section {
  const { differences } = table;
  const body =
    differences.length === 0
      ? emptyNote('Nothing that the table names.')
      : html`<ul>${differences.map((difference) => html`<li>${difference}</li>`)}</ul>`;
  return { id: 'differences', title: differencesTitle(table), shortTitle: 'Differences', body };
}

function cellsSection({ rows }: ResultTable, { linkOf }: TablePageOptions): Section {
  const cells = rows.flatMap((row) => row.cells);
  return {
    id: 'cells',
    title: 'Cells',
    note: 'A cell is one training, named by its configuration, data, seed and engine; tables share cells.',
    body:
      cells.length === 0
        ? emptyNote('No row of this table is run here.')
        : dataTable({
            caption: 'Cells',
            isSortable: true,
            columns: [
              { heading: 'Row' },
              { heading: 'Seed', isNumber: true },
              { heading: 'State' },
              { heading: 'Cell' },
              { heading: 'Why' },
            ],
            rows: cells.map(({ row, seed, id, state, failure }) => ({
              cells: [row, seed, state, idCell(id, linkOf), failure?.message ?? ''],
            })),
          }),
  };
}

function idCell(id: string | undefined, linkOf: TablePageOptions['linkOf']): SafeHtml | string {
  if (id === undefined) return '–';
  const link = linkOf(id);
  return link === undefined ? id : html`<a href="${link}">${id}</a>`;
}
