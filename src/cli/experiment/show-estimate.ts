/** @file `vultune experiment run --estimate`: what the unfinished cells would take. */
import { formatBytes, formatDuration } from '../../base/numbers.ts';
import { estimateExperiment } from '../../workflows/experiment/estimate-experiment.ts';
import type { ExperimentOptions } from '../../workflows/experiment/experiment-options.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { reasonsText } from './table-status.ts';

export async function showEstimate(options: ExperimentOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const { cells, total } = await estimateExperiment(options, reporting(context));
  const right = { align: 'right' } as const;
  stdout.write(
    renderTable(
      [
        { heading: 'cell' },
        { heading: 'seed', ...right },
        { heading: 'time', ...right },
        { heading: 'memory', ...right },
        { heading: 'disk', ...right },
        { heading: 'row' },
      ],
      cells.map(({ id, seed, row, milliseconds, memoryBytes, diskBytes, why }) => [
        id ?? '–',
        `${seed}`,
        milliseconds === undefined ? '–' : formatDuration(milliseconds),
        memoryBytes === undefined ? '–' : formatBytes(memoryBytes),
        diskBytes === undefined ? '–' : formatBytes(diskBytes),
        harmless(why === undefined || id === undefined ? row : `${row}: ${why}`),
      ]),
      stdout,
    ),
  );
  const barred = cells.map(({ id, row, seed, why }) => ({
    row,
    seed,
    why: id === undefined ? why : undefined,
  }));
  stdout.write(`\n${reasonsText(barred, stdout)}`);
  if (total.unknownCells === cells.length) {
    stdout.write('no cell could be estimated\n');
    return;
  }
  const unknown = total.unknownCells === 1 ? '1 cell' : `${total.unknownCells} cells`;
  const time = total.unknownCells === 0 ? '' : `, without the time of ${unknown}`;
  stdout.write(
    `all of them: about ${formatDuration(total.milliseconds)}${time}; ${formatBytes(total.diskBytes)} of disk\n`,
  );
  if (cells.some(({ measuredOn }) => measuredOn === 'one block')) {
    stdout.write(
      'no finished cell says how fast this machine is: the times come from one block of the model, timed here\n',
    );
  }
}
