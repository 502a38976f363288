/** @file The part of a run's page on its CWE head: beside the most frequent class, then by CWE. */
import { cweTitle, cweUrl } from '../../dataset/cwe.ts';
import { html } from '../html/html.ts';
import { count, metric } from '../kit/numbers.ts';
import type { Section } from '../kit/page.ts';
import { dataTable } from '../kit/table.ts';
import type { CweReport, SetReport } from './run-report-data.ts';
import { SET_NAMES } from './set-sections.ts';

const COLUMNS = [
  ['top1', 'First guess right'],
  ['top3', 'Right among three'],
  ['macro_f1', 'Macro F1'],
] as const;

export function cweSection(
  { used, functions, outside, unnamed, rows, byCwe }: CweReport,
  name: SetReport['name'],
): Section {
  const numbers = (headings: readonly string[]) => headings.map((heading) => ({ heading, isNumber: true }));
  return {
    id: 'cwe',
    title: 'Kind of weakness (CWE)',
    shortTitle: 'CWE',
    note:
      `${SET_NAMES[name]}: ${count(functions)} vulnerable functions with a CWE that the head was trained on; ${count(outside)} with other ` +
      `CWEs alone and ${count(unnamed)} without one are not counted. ${used ? 'It beats the most frequent CWE on validation, so a scan uses it.' : 'It does not clearly beat the most frequent CWE on validation, so a scan does not use it.'}`,
    body: html`${dataTable({
      caption: 'The CWE head and the most frequent CWE',
      columns: [{ heading: '' }, ...numbers(COLUMNS.map(([, heading]) => heading))],
      rows: rows.map(({ label, metrics, intervals }, r) => ({
        isOwn: r === 0,
        cells: [
          label,
          ...COLUMNS.map(([key]) => {
            const interval = intervals[key];
            return html`${metric(metrics[key])}${interval && html`<span class="ci">${metric(interval[0], 2)}–${metric(interval[1], 2)}</span>`}`;
          }),
        ],
      })),
    })}${dataTable({
      caption: 'By CWE',
      columns: [
        { heading: 'CWE' },
        ...numbers(['Functions', 'First guess right', 'Right among three', 'F1']),
      ],
      isSortable: true,
      rows: byCwe.map(({ label, id, functions: own, top1, top3, f1 }) => ({
        cells: [
          id === undefined ? label : html`<a href="${cweUrl(id)}">${id}</a> ${cweTitle(id) ?? ''}`,
          count(own),
          metric(top1, 2),
          metric(top3, 2),
          metric(f1, 2),
        ],
      })),
    })}`,
  };
}
