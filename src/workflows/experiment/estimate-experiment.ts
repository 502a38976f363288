/**
 * @file What the cells that are not finished would take: time, by the speed of earlier cells or else of one block that is timed here,
 * memory, disk. Trains nothing. What PyTorch needs is known from earlier cells alone.
 */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { runPaths } from '../../runs/run-folder.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { checkTraining } from '../train/check-training.ts';
import { checkTrainInputs } from '../train/inputs.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import { openExperiment } from './open-experiment.ts';
import type { PlannedCell } from './plan-cells.ts';

export interface CellEstimate {
  readonly row: string;
  readonly seed: number;
  readonly id: string | undefined;
  readonly milliseconds?: number | undefined;
  /** What the time was concluded from. */
  readonly measuredOn?: 'an earlier cell' | 'one block';
  readonly memoryBytes?: number | undefined;
  readonly diskBytes?: number | undefined;
  /** Why a figure is missing, a phrase. */
  readonly why?: string;
}

export interface ExperimentEstimate {
  readonly cells: readonly CellEstimate[];
  readonly total: {
    readonly milliseconds: number;
    readonly diskBytes: number;
    readonly unknownCells: number;
  };
}

/** @throws VultuneError as `openExperiment` */
export async function estimateExperiment(
  options: ExperimentOptions,
  given?: Partial<WorkflowContext>,
): Promise<ExperimentEstimate> {
  const context = workflowContext(given);
  const { planned } = await openExperiment(options, context);
  const byId = new Map<string, CellEstimate>();
  const cells: CellEstimate[] = [];
  for (const cell of planned) {
    context.signal.throwIfAborted();
    const common = { row: cell.row.name, seed: cell.seed, id: cell.id };
    const known = cell.id === undefined ? undefined : byId.get(cell.id);
    if (known !== undefined) {
      cells.push({ ...common, why: `the same cell as ${known.row}, seed ${known.seed}` });
      continue;
    }
    const estimate = { ...common, ...(await estimateCell(cell, options, context)) };
    if (cell.id !== undefined) byId.set(cell.id, estimate);
    cells.push(estimate);
  }
  const sum = (of: (cell: CellEstimate) => number | undefined) =>
    cells.reduce((total, cell) => total + (of(cell) ?? 0), 0);
  return {
    cells,
    total: {
      milliseconds: sum(({ milliseconds }) => milliseconds),
      diskBytes: sum(({ diskBytes }) => diskBytes),
      unknownCells: cells.filter(({ milliseconds, why }) => milliseconds === undefined && why !== FINISHED)
        .length,
    },
  };
}

const FINISHED = 'finished';
const NO_TORCH_SPEED = 'how fast PyTorch is here is known behind a first cell';

async function estimateCell(
  cell: PlannedCell,
  { torch }: Pick<ExperimentOptions, 'torch'>,
  context: WorkflowContext,
): Promise<Omit<CellEstimate, 'row' | 'seed' | 'id'>> {
  if (cell.failure !== undefined) return { why: cell.failure.message };
  const { config } = cell;
  const paths = runPaths(config.output_dir);
  if (existsSync(paths.finished)) return { why: FINISHED };
  if (cell.asked !== undefined) return { why: 'a model that is asked is not estimated' };
  try {
    // A stopped cell's folder is in use: it is estimated as if it began anew.
    const free = {
      ...config,
      ...(existsSync(paths.record) ? { output_dir: `${config.output_dir}.estimate` } : {}),
      // What it starts from may not be there yet.
      ...(cell.initialCell === undefined ? {} : { init_adapter: null }),
    };
    const checked = await checkTraining(
      { config: free, inputs: await checkTrainInputs(free, context) },
      context,
      { engine: torch === undefined ? 'vultune' : 'torch' },
    );
    const { estimate, unchecked } = checked;
    if (estimate === undefined) return { why: unchecked[0] ?? 'not estimated' };
    // Cells run the same data one after the other: what one took says more than a block that was timed alone.
    const { earlierRun, time, memory, disk } = estimate;
    const steps = earlierRun?.stepsMs ?? time.parts.steps;
    if (torch !== undefined && earlierRun === null) return { diskBytes: disk.leftBytes, why: NO_TORCH_SPEED };
    return {
      milliseconds: time.totalMs - time.parts.steps + steps,
      measuredOn: earlierRun === null ? 'one block' : 'an earlier cell',
      // PyTorch's own is not counted from our graphs.
      memoryBytes: torch === undefined ? memory.peakBytes : undefined,
      diskBytes: disk.leftBytes,
    };
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    return { why: error.message };
  }
}
