/** @file `vultune experiment table`: writes the table of the cells that are finished, and prints it. */
import { isAnyRun, type ResultTable } from '../../experiments/result-table.ts';
import {
  completeTable,
  figureText,
  paperText,
  readableTable,
  seedsText,
  summaryText,
  tableJson,
  tableNotes,
} from '../../experiments/table-text.ts';
import { openExperiment } from '../../workflows/experiment/open-experiment.ts';
import type { ExperimentTableRequest } from '../commands/experiment.ts';
import type { CliContext } from '../context.ts';
import { formatDataTable } from '../display/data-table-format.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { NOTHING_RUN } from './table-status.ts';

export async function printTable(
  { format, ...options }: ExperimentTableRequest,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr } = context;
  const experiment = await openExperiment(options, reporting(context));
  const table = await experiment.write();
  if (format === 'json') stdout.write(`${JSON.stringify(tableJson(table), null, 2)}\n`);
  else if (format === 'text') stdout.write(tableText(table, stdout));
  else stdout.write(formatDataTable(format === 'csv' ? completeTable(table) : readableTable(table), format));
  if (!isAnyRun(table)) stderr.write(NOTHING_RUN);
  stderr.write(`the table as files: ${experiment.out}\n`);
}

/** For a terminal: the paper's cell and ours in one column each, and below the table what has to be known beside it. */
export function tableText(table: ResultTable, terminal: Terminal): string {
  const { columns, rows, baselines } = table;
  const right = { align: 'right' } as const;
  const shown = renderTable(
    [
      { heading: 'paper | ours' },
      ...columns.map(({ label }) => ({ heading: label, ...right })),
      { heading: 'seeds' },
    ],
    [
      ...rows.map(({ name, paper, ours, seeds }) => [
        harmless(name),
        ...columns.map(
          ({ metric }, i) => `${harmless(paperText(paper[i]))} | ${summaryText(ours[i], metric)}`,
        ),
        seedsText(seeds),
      ]),
      ...baselines.map(({ label, figures }) => [
        harmless(label),
        ...figures.map((figure, i) => figureText(figure, columns[i]!.metric)),
        '',
      ]),
    ],
    terminal,
  );
  const notes = [
    ...rows.flatMap(({ name, note }) => (note === '' ? [] : [`${name}: ${note}`])),
    ...tableNotes(table),
  ];
  return `${shown}\n${notes.map((note) => `${harmless(note)}\n`).join('')}`;
}
