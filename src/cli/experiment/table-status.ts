/** @file `vultune experiment status`: where every cell of a table stands. */
import { isAnyRun, type ResultTable } from '../../experiments/result-table.ts';
import type { ExperimentOptions } from '../../workflows/experiment/experiment-options.ts';
import { openExperiment } from '../../workflows/experiment/open-experiment.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { wrapText } from '../display/wrap.ts';

export async function tableStatus(
  { json, ...options }: ExperimentOptions & { readonly json: boolean },
  context: CliContext,
): Promise<void> {
  const experiment = await openExperiment(options, reporting(context));
  const table = await experiment.result();
  const cells = table.rows.flatMap((row) => row.cells);
  if (json) context.stdout.write(`${JSON.stringify(cells, null, 2)}\n`);
  else context.stdout.write(statusText(table, context.stdout));
  if (!isAnyRun(table)) context.stderr.write(NOTHING_RUN);
}

/** The likeliest reason, where something was run: the command lacks what its cells were run with. */
export const NOTHING_RUN =
  'none of these cells has been run: a cell is named by its settings, so give --scale, --data-dir, --seeds and overrides as ' +
  '`experiment run` had them\n';

export function statusText({ rows }: ResultTable, terminal: Terminal): string {
  const cells = rows.flatMap((row) => row.cells);
  const finished = cells.filter(({ state }) => state === 'finished').length;
  const table = renderTable(
    [{ heading: 'cell' }, { heading: 'seed', align: 'right' }, { heading: 'state' }, { heading: 'row' }],
    cells.map(({ id, seed, state, row, failure }) => [
      id ?? '–',
      `${seed}`,
      id === undefined && failure !== undefined ? 'cannot be run' : state,
      harmless(row),
    ]),
    terminal,
  );
  const reasons = reasonsText(
    cells.map(({ row, seed, failure }) => ({ row, seed, why: failure?.message })),
    terminal,
  );
  return `${table}\n${reasons}${finished} of ${cells.length} cells finished\n`;
}

interface ReasonOfCell {
  readonly row: string;
  readonly seed: number;
  readonly why: string | undefined;
}

/** Below a table of cells: a reason that many cells share is told once. */
export function reasonsText(cells: readonly ReasonOfCell[], terminal: Terminal): string {
  const byReason = new Map<string, ReasonOfCell[]>();
  for (const cell of cells) {
    const why = cell.why?.split('\n')[0];
    if (why !== undefined) byReason.set(why, [...(byReason.get(why) ?? []), cell]);
  }
  const lines = [...byReason].flatMap(([why, those]) => {
    const isAll = those.length === cells.length && cells.length > 1;
    const which = isAll ? 'every cell' : those.map(({ row, seed }) => `${row}, seed ${seed}`).join('; ');
    return wrapText(harmless(`${which}: ${why}`), terminal.columns());
  });
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
}
