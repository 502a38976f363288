/**
 * @file Tables and rows of key figures: a caption, headings with a scope, numbers aligned to the right, scrolled
 * sideways on a phone. What the cells mean is the caller's business.
 */
import { type HtmlValue, html, type SafeHtml } from '../html/html.ts';
import { type FilterItem, filterAttributes } from './filter.ts';

export interface TableColumn {
  readonly heading: string;
  readonly isNumber?: boolean;
}

export interface TableRow {
  /** One a column; the first is the row's heading. */
  readonly cells: readonly HtmlValue[];
  /** The row that the page is about. */
  readonly isOwn?: boolean;
  /** Columns (by index) where this row is best. */
  readonly best?: ReadonlySet<number>;
  /** What a filter of the page asks of it. */
  readonly item?: FilterItem;
}

export interface TableOptions {
  readonly caption: string;
  readonly note?: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** The page's script lets the headings sort it. */
  readonly isSortable?: boolean;
}

export function dataTable({ caption, note, columns, rows, isSortable = false }: TableOptions): SafeHtml {
  const cellClass = (i: number, row?: TableRow) =>
    [columns[i]?.isNumber === true ? 'num' : '', row?.best?.has(i) === true ? 'best' : ''].join(' ').trim();
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table${
    isSortable && html` data-sortable=""`
  }>
<caption>${caption}${note !== undefined && html`<small>${note}</small>`}</caption>
<thead><tr>${columns.map(
    ({ heading }, i) =>
      html`<th scope="col" class="${cellClass(i)}">${
        heading === '' ? html`<span class="visually-hidden">Name</span>` : heading
      }</th>`,
  )}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr class="${row.isOwn === true ? 'own' : ''}"${row.item !== undefined && filterAttributes(row.item)}>${row.cells.map(
      (cell, i) =>
        i === 0
          ? html`<th scope="row" class="${cellClass(i)}">${cell}</th>`
          : html`<td class="${cellClass(i, row)}">${cell}</td>`,
    )}</tr>
`,
  )}</tbody>
</table></div>`;
}

export interface KeyFigure {
  readonly label: string;
  readonly value: string;
  /** Smaller, below: an interval, a comparison. */
  readonly note?: string;
}

export function keyFigures(figures: readonly KeyFigure[]): SafeHtml {
  return html`<dl class="figures">${figures.map(
    ({ label, value, note }) =>
      html`<div><dt>${label}</dt><dd>${value}${note !== undefined && html`<small>${note}</small>`}</dd></div>`,
  )}</dl>`;
}

/** Where there is nothing to show, why. */
export const emptyNote = (text: string) => html`<p class="empty">${text}</p>`;

/** What a reader must not miss. */
export function callout(sentences: readonly string[]): SafeHtml {
  if (sentences.length === 0) return html``;
  if (sentences.length === 1) return html`<div class="callout"><p>${sentences[0]}</p></div>`;
  return html`<div class="callout"><ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul></div>`;
}
