/** @file A function before and after, side by side: lines in step with each other, changed words marked. */
import { diffLines, diffWordsWithSpace } from 'diff';
import { type HtmlValue, html, type SafeHtml } from '../html/html.ts';

interface Row {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

interface NumberedRow extends Row {
  readonly beforeNumber: number;
  readonly afterNumber: number;
}

/** Unchanged lines around a change that stay; what is between them is told in one line. */
const CONTEXT = 6;
/** Lines longer than this are not compared word by word. */
const MOST_WORDS = 2000;
/** Edits after which two texts count as wholly different: it bounds the work. */
const MOST_EDITS = 2000;

export function sideBySide(before: string, after: string, caption: string): SafeHtml {
  const rows = number(alignLines(before, after));
  const shown = fold(rows);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${caption}"><table class="diff sides">
<caption class="visually-hidden">${caption}</caption>
<colgroup><col class="no"><col><col class="no"><col></colgroup>
<thead><tr><th scope="col" colspan="2">Before (vulnerable)</th><th scope="col" colspan="2">After (fixed)</th></tr></thead>
<tbody>${shown.map((row) =>
    typeof row === 'number'
      ? html`<tr><td colspan="4" class="fold">⋯ ${row} equal lines</td></tr>`
      : rowHtml(row),
  )}</tbody></table></div>`;
}

/** Exported for its test: removed and added lines of one change stand next to each other. */
export function alignLines(before: string, after: string): Row[] {
  const options = { maxEditLength: MOST_EDITS };
  const changes = diffLines(normal(before), normal(after), options) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  const rows: Row[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const flush = () => {
    for (let i = 0; i < Math.max(removed.length, added.length); i++) {
      rows.push({ before: removed[i], after: added[i] });
    }
    [removed, added] = [[], []];
  };
  for (const change of changes) {
    const lines = change.value.replace(/\n$/, '').split('\n');
    if (change.removed) removed.push(...lines);
    else if (change.added) added.push(...lines);
    else {
      flush();
      rows.push(...lines.map((line) => ({ before: line, after: line })));
    }
  }
  flush();
  return rows;
}

/** A last line with and without its end is the same line. */
const normal = (text: string) => `${text.replace(/\r\n?/g, '\n').replace(/\n+$/, '')}\n`;

function number(rows: readonly Row[]): NumberedRow[] {
  let [beforeNumber, afterNumber] = [0, 0];
  return rows.map((row) => {
    if (row.before !== undefined) beforeNumber++;
    if (row.after !== undefined) afterNumber++;
    return { ...row, beforeNumber, afterNumber };
  });
}

const isChanged = ({ before, after }: Row) => before !== after;

/** Long stretches of equal lines become their number. */
function fold(rows: readonly NumberedRow[]): (NumberedRow | number)[] {
  const near = new Set<number>();
  rows.forEach((row, i) => {
    if (isChanged(row)) for (let k = i - CONTEXT; k <= i + CONTEXT; k++) near.add(k);
  });
  const shown: (NumberedRow | number)[] = [];
  rows.forEach((row, i) => {
    const last = shown.at(-1);
    if (near.has(i)) shown.push(row);
    else if (typeof last === 'number') shown[shown.length - 1] = last + 1;
    else shown.push(1);
  });
  return shown;
}

function rowHtml(row: NumberedRow): SafeHtml {
  const { before, after, beforeNumber, afterNumber } = row;
  const [old, fresh] = words(row);
  const side = (text: string | undefined, line: number, content: HtmlValue, change: string) => {
    const marked = isChanged(row) && text !== undefined ? change : '';
    return html`<td class="no">${text !== undefined && line}</td><td class="${marked}">${content}</td>`;
  };
  return html`<tr>${side(before, beforeNumber, old, 'removed')}${side(after, afterNumber, fresh, 'added')}</tr>
`;
}

/** Colour is not the only sign: changed words are `<del>` and `<ins>`, and bold. */
function words({ before, after }: Row): readonly [HtmlValue, HtmlValue] {
  if (before === undefined || after === undefined) {
    return [
      before !== undefined && html`<del>${before}</del>`,
      after !== undefined && html`<ins>${after}</ins>`,
    ];
  }
  if (before === after || before.length + after.length > MOST_WORDS) return [before, after];
  const changes = diffWordsWithSpace(before, after);
  return [
    changes
      .filter(({ added }) => !added)
      .map(({ value, removed }) => (removed ? html`<del>${value}</del>` : value)),
    changes
      .filter(({ removed }) => !removed)
      .map(({ value, added }) => (added ? html`<ins>${value}</ins>` : value)),
  ];
}
