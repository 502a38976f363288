/**
 * @file Source code in a page: numbered lines, the ones that mattered warmer. The heat is
 * the caller's.
 */
import { html, type SafeHtml, trustedHtml } from '../html/html.ts';
import { type FilterItem, filterAttributes } from './filter.ts';

export interface CodeFrameOptions {
  readonly code: string;
  /** Above the code: a path, a name. */
  readonly title: string;
  /** Beside the title: a score, a label. */
  readonly detail?: string;
  /** Number of the first line; 1 unless told. */
  readonly firstLine?: number;
  /** Only these lines (numbers as shown), in order; all unless told. */
  readonly lines?: readonly number[];
  /** [lines of `code`] 0 cold to 1 warm. */
  readonly heat?: readonly number[];
  /** Folded until it is asked for. */
  readonly isFolded?: boolean;
  /** Where links lead. */
  readonly id?: string;
  /** What a filter of the page asks of it. */
  readonly item?: FilterItem;
}

/** A function of this many lines is cut: a page holds many. */
const MOST_LINES = 400;

export function codeFrame(options: CodeFrameOptions): SafeHtml {
  const { title, detail, isFolded = false, id, item } = options;
  const marks = html`${id !== undefined && html` id="${id}"`}${item !== undefined && filterAttributes(item)}`;
  const heading = html`<span>${title}</span>${detail !== undefined && html`<small>${detail}</small>`}`;
  return isFolded
    ? html`<details class="frame"${marks}><summary>${heading}</summary>${codeLines(options)}</details>`
    : html`<figure class="frame"${marks}><figcaption>${heading}</figcaption>${codeLines(options)}</figure>`;
}

function codeLines({ code, title, firstLine = 1, lines, heat }: CodeFrameOptions): SafeHtml {
  const all = code
    .split(/\r\n|\r|\n/)
    .map((text, i) => ({ text, number: firstLine + i, heat: heat?.[i] ?? 0 }));
  const wanted = lines === undefined ? all : all.filter(({ number }) => lines.includes(number));
  const shown = wanted.slice(0, MOST_LINES);
  const left = wanted.length - shown.length;
  return html`<pre tabindex="0" role="group" aria-label="Code of ${title}"><code>${shown.map(
    (line) =>
      html`<span class="${line.heat >= HOT ? 'line hot' : 'line'}"${heatStyle(line.heat)}><span class="no" aria-hidden="true">${line.number}</span>${line.text}
</span>`,
  )}${left > 0 && html`<span class="line"><span class="no"></span>… ${left} more lines</span>`}</code></pre>`;
}

/** From here on a line is marked, and its number is in the colour of text. */
const HOT = 0.5;

/** A number, never text of a file, so it may stand in a style. */
function heatStyle(heat: number): SafeHtml | undefined {
  if (!(heat > 0)) return undefined;
  const share = (0.42 * Math.min(1, heat)).toFixed(3);
  const marked = heat >= HOT ? ';box-shadow:inset 3px 0 rgb(var(--heat))' : '';
  return trustedHtml(` style="background:rgba(var(--heat),${share})${marked}"`);
}
