/**
 * @file The `html` template: text put into a page is escaped unless it is HTML made by this template. The only
 * way around it is `trustedHtml`, for what this folder's neighbours render themselves (SVG, style, script).
 */

/** A piece of a page; only `html`, `jsonIsland` and `trustedHtml` make one. */
export class SafeHtml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type HtmlValue = string | number | SafeHtml | readonly HtmlValue[] | null | undefined | false;

/**
 * `html\`<p title="${x}">${y}</p>\``: every value is escaped, for text and for quoted attributes alike; lists
 * are joined, `undefined`, `null` and `false` leave nothing. Attributes are always quoted in our templates, and
 * no value is put into a `<script>`, a `<style>` or an event handler.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  return new SafeHtml(strings.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

/** Marks text as HTML. Never for anything that came out of a file or a request. */
export const trustedHtml = (text: string) => new SafeHtml(text);

/** Data for the page's script: JSON that cannot end its own element. */
export function jsonIsland(id: string, value: unknown): SafeHtml {
  const json = JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028');
  return html`<script type="application/json" id="${id}">${trustedHtml(json)}</script>`;
}

export function escapeHtml(text: string): string {
  return withoutHiddenMarks(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/**
 * Marks of writing direction and control characters become U+FFFD: code must not read otherwise than it runs
 * (Boucher and Anderson 2021, "Trojan Source").
 */
export const withoutHiddenMarks = (text: string): string =>
  text.replace(/[\u202a-\u202e\u2066-\u2069]|(?![\t\n\r])\p{Cc}/gu, '\ufffd');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof SafeHtml) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeHtml(String(value));
}
