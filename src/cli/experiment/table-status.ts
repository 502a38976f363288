/** @file `vultune experiment status`: where every cell of a table stands. */
import type { ResultTable } from '../../experiments/result-table.ts';
import type { ExperimentOptions } from '../../workflows/experiment/experiment-options.ts';
import { openExperiment } from '../../workflows/experiment/open-experiment.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';

export async function tableStatus(
  { json, ...options }: ExperimentOptions & { readonly json: boolean },
  context: CliContext,
): Promise<void> {
  const experiment = await openExperiment(options, reporting(context));
  const table = await experiment.result();
  const cells = table.rows.flatMap((row) => row.cells);
  if (json) context.stdout.write(`${JSON.stringify(cells, null, 2)}\n`);
  else context.stdout.write(statusText(table, context.stdout));
}

export function statusText({ rows }: ResultTable, terminal: Terminal): string {
  const cells = rows.flatMap((row) => row.cells);
  const finished = cells.filter(({ state }) => state === 'finished').length;
  const table = renderTable(
    [{ heading: 'cell' }, { heading: 'seed', align: 'right' }, { heading: 'state' }, { heading: 'row' }],
    cells.map(({ id, seed, state, row, failure }) => [
      id ?? '–',
      `${seed}`,
      state,
      harmless(failure === undefined ? row : `${row}: ${failure.message.split('\n')[0]}`),
    ]),
    terminal,
  );
  return `${table}\n${finished} of ${cells.length} cells finished\n`;
}
