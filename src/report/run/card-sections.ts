/** @file The parts of a run's page that say what was run: configuration, data, machine. */
import { html, type SafeHtml } from '../html/html.ts';
import { count, percent, shortNumber } from '../kit/numbers.ts';
import type { Section } from '../kit/page.ts';
import { dataTable } from '../kit/table.ts';
import type { RunReportData } from './run-report-data.ts';

const NAME_AND_VALUE = [{ heading: 'Name' }, { heading: 'Value' }];

export function configurationSection({ settings, environment, files, truncation }: RunReportData): Section {
  return {
    id: 'configuration',
    title: 'Configuration and data',
    shortTitle: 'Configuration',
    body: html`${dataTable({
      caption: 'Data files',
      columns: [
        { heading: 'File' },
        { heading: 'Path' },
        { heading: 'Bytes', isNumber: true },
        { heading: 'SHA-256' },
      ],
      rows: files.map(({ role, path, sizeBytes, sha256 }) => ({
        cells: [role, path, shortNumber(sizeBytes), html`<code>${sha256.slice(0, 16)}</code>`],
      })),
    })}${truncation !== undefined && truncationTable(truncation)}<div class="grid wide">${[
      ...halves(settings).map((some, i) =>
        dataTable({
          caption: i === 0 ? 'Settings' : 'Settings, continued',
          columns: NAME_AND_VALUE,
          rows: some.map(([name, value]) => ({ cells: [html`<code>${name}</code>`, value] })),
        }),
      ),
      dataTable({
        caption: 'Machine and versions',
        columns: NAME_AND_VALUE,
        rows: environment.map((cells) => ({ cells })),
      }),
    ]}</div>`,
  };
}

function truncationTable(truncation: NonNullable<RunReportData['truncation']>): SafeHtml {
  const number = (heading: string) => ({ heading, isNumber: true });
  return dataTable({
    caption: 'What is read of functions',
    note: 'A pair that is alike within max_length is one input with two labels: what differs lies beyond.',
    columns: [
      { heading: 'Part' },
      ...['Functions', 'Cut at max_length', 'Pairs', 'Pairs alike', 'Left out of training'].map(number),
    ],
    rows: truncation.map(({ part, functions, truncated, pairs, identicalPairs, leftOut }) => ({
      cells: [
        part,
        count(functions),
        `${count(truncated)} (${share(truncated, functions)})`,
        count(pairs),
        pairs === 0 ? '–' : `${count(identicalPairs)} (${share(identicalPairs, pairs)})`,
        part === 'train' ? count(leftOut) : '–',
      ],
    })),
  });
}

const share = (some: number, all: number) => percent(all === 0 ? 0 : some / all, 1);

/** Two columns of settings are half as long. */
function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(all.length / 2);
  return all.length < 12 ? [all] : [all.slice(0, middle), all.slice(middle)];
}
