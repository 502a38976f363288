/** @file The parts of a run's page that say what was run: configuration, data, machine. */
import { html } from '../html/html.ts';
import { shortNumber } from '../kit/numbers.ts';
import type { Section } from '../kit/page.ts';
import { dataTable } from '../kit/table.ts';
import type { RunReportData } from './run-report-data.ts';

const NAME_AND_VALUE = [{ heading: 'Name' }, { heading: 'Value' }];

export function configurationSection({ settings, environment, files }: RunReportData): Section {
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
    })}<div class="grid wide">${[
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

/** Two columns of settings are half as long. */
function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(all.length / 2);
  return all.length < 12 ? [all] : [all.slice(0, middle), all.slice(middle)];
}
