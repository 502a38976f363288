/** @file `vultune experiment run --estimate`: what the unfinished cells would take. */
import { formatBytes, formatDuration } from '../../base/numbers.ts';
import { estimateExperiment } from '../../workflows/experiment/estimate-experiment.ts';
import type { ExperimentOptions } from '../../workflows/experiment/experiment-options.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import { reporting } from '../display/terminal-reporter.ts';

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
        harmless(why === undefined ? row : `${row}: ${why}`),
      ]),
      stdout,
    ),
  );
  const time = total.unknownCells === 0 ? '' : `, and ${total.unknownCells} cells without an estimate of it`;
  stdout.write(
    `\nall of them: ${formatDuration(total.milliseconds)}${time}; ${formatBytes(total.diskBytes)} of disk; estimated\n`,
  );
  if (cells.some(({ measuredOn }) => measuredOn === 'one block')) {
    stdout.write(
      'no earlier cell says how fast all of it is: one block of the model was timed on this machine\n',
    );
  }
}
