/** @file `vultune experiment show`: what a table runs, before anything is run. */
import { columnLabel } from '../../experiments/metric-label.ts';
import { differencesTitle, hasPaperCells, isPaperCell, paperText } from '../../experiments/table-text.ts';
import type { ExperimentOptions } from '../../workflows/experiment/experiment-options.ts';
import { loadTable } from '../../workflows/experiment/load-table.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderPairs, renderTable } from '../display/table.ts';

export async function showTable(
  { json, ...options }: ExperimentOptions & { readonly json: boolean },
  { stdout }: CliContext,
): Promise<void> {
  const { table, base, file } = loadTable(options);
  if (json) {
    stdout.write(`${JSON.stringify({ file, ...table, base }, null, 2)}\n`);
    return;
  }
  const { colors } = stdout;
  const { title, source, question, seeds, scale, scales, rows, columns, differences } = table;
  stdout.write(`${colors.strong(harmless(title))}\n`);
  const pairs = [
    ['file', file],
    ...(source === undefined ? [] : [['source', source] as const]),
    ...(question === undefined ? [] : [['question', question] as const]),
    ['columns', columns.map(columnLabel).join(', ')],
    ['seeds', seeds.join(', ')],
    ['scale', scale ?? `the paper's${scales.length === 0 ? '' : ` (others: ${scales.join(', ')})`}`],
  ] as const;
  stdout.write(
    renderPairs(
      pairs.map(([name, value]) => [name, harmless(value!)] as const),
      stdout,
    ),
  );
  stdout.write(`\n${colors.heading('Base configuration')}\n`);
  stdout.write(
    renderPairs(
      Object.entries(base).map(([key, value]) => [key, valueText(value)] as const),
      stdout,
    ),
  );
  // A column of figures that no paper gives is named above, and empty here.
  const inPaper = columns.flatMap((column, at) =>
    rows.some(({ paper }) => isPaperCell(paper[at])) ? [{ heading: columnLabel(column), at }] : [],
  );
  stdout.write(`\n${colors.heading(hasPaperCells(table) ? 'Rows, and the cells of the paper' : 'Rows')}\n`);
  stdout.write(
    renderTable(
      [
        { heading: 'row' },
        ...inPaper.map(({ heading }) => ({ heading, align: 'right' as const })),
        { heading: 'settings' },
      ],
      rows.map(({ name, paper, set, init_from, not_run, prompt }) => [
        harmless(name),
        ...inPaper.map(({ at }) => harmless(paperText(paper[at]))),
        harmless(
          not_run ??
            [
              ...(init_from === undefined ? [] : [`from ${init_from}`]),
              ...(prompt === undefined ? [] : [`prompt ${prompt}`]),
              ...settingsOf(set),
            ].join(', '),
        ),
      ]),
      stdout,
    ),
  );
  if (differences.length > 0) stdout.write(`\n${colors.heading(differencesTitle(table))}\n`);
  for (const difference of differences) stdout.write(`  ${harmless(difference)}\n`);
}

const settingsOf = (set: Readonly<Record<string, unknown>>) =>
  Object.entries(set).map(([key, value]) => `${key}=${valueText(value)}`);

const valueText = (value: unknown) => harmless(typeof value === 'string' ? value : JSON.stringify(value));
