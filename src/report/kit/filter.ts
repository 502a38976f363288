/**
 * @file Controls that narrow down the rows and frames of a page. They are native controls, hidden until the page's script runs;
 * without it, and on paper, everything that is not filtered out is there.
 */
import { html, type SafeHtml } from '../html/html.ts';

export interface FilterField {
  /** Lower case letters: an attribute is named after it. */
  readonly key: string;
  readonly label: string;
  /** Given: one of them; else a text that is looked for. */
  readonly choices?: readonly string[];
}

/** What a row or a frame has, by the field's key. */
export interface FilterItem {
  /** The filter's name. */
  readonly of: string;
  readonly values: Readonly<Record<string, readonly string[]>>;
}

export interface FilterOptions {
  readonly name: string;
  readonly label: string;
  readonly fields: readonly FilterField[];
  /** What is counted: `findings`. */
  readonly unit: string;
}

export function filterForm({ name, label, fields, unit }: FilterOptions): SafeHtml {
  return html`<form class="filter screen-only" data-filter="${name}" data-unit="${unit}" aria-label="${label}" hidden>${fields.map(
    ({ key, label: text, choices }) =>
      html`<label><span>${text}</span>${
        choices === undefined
          ? html`<input type="search" name="${key}" autocomplete="off" spellcheck="false">`
          : html`<select name="${key}"><option value="">all</option>${choices.map(
              (choice) => html`<option>${choice}</option>`,
            )}</select>`
      }</label>`,
  )}<button type="reset">Show all</button></form><p class="filter-state" role="status" data-filter-state="${name}"></p>`;
}

/** Values stand between bars: a choice is looked for with both of its ends. */
export function filterAttributes({ of, values }: FilterItem): SafeHtml {
  return html` data-item="${of}"${Object.entries(values).map(
    ([key, texts]) =>
      html` data-${key}="${['', ...texts.map((text) => text.replace(/\s+/g, ' ')), ''].join('|')}"`,
  )}`;
}
