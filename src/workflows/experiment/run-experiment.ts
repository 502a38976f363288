/**
 * @file Runs a table: trains or asks the cells that are not finished, resumes those that were stopped, tries failed ones again, and writes
 * the table after each. The same call again goes on where the last one ended.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { requireTorchPython } from '../../clusters/python-environment.ts';
import type { CellFailure } from '../../experiments/cell.ts';
import type { ResultTable } from '../../experiments/result-table.ts';
import { isLocked } from '../../runs/lock.ts';
import { runPaths } from '../../runs/run-folder.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import type { TorchOptions } from '../torch/train-with-torch.ts';
import { checkTrainInputs } from '../train/inputs.ts';
import { resumeTraining } from '../train/resume.ts';
import { startTraining } from '../train/train.ts';
import { finishedCell, writeRecord } from './cell-state.ts';
import type { RunExperimentOptions } from './experiment-options.ts';
import { type Experiment, openExperiment } from './open-experiment.ts';
import { failureOf, initialFailed, type PlannedCell } from './plan-cells.ts';
import { runPromptCell } from './prompt-cell.ts';

export interface ExperimentResult {
  readonly table: ResultTable;
  /** The folder of table.md, .csv, .tex, .json and .html. */
  readonly out: string;
  /** `interrupted`: the signal stopped it; the same call goes on. */
  readonly status: 'done' | 'interrupted';
}

type NamedCell = Extract<PlannedCell, { readonly id: string }>;

/** @throws VultuneError as `openExperiment`; `TORCH_ENVIRONMENT_MISSING`; what a cell throws is in the table. */
export async function runExperiment(
  options: RunExperimentOptions,
  given?: Partial<WorkflowContext>,
): Promise<ExperimentResult> {
  const context = workflowContext(given);
  const { signal, report } = context;
  const experiment = await openExperiment(options, context);
  for (const cell of experiment.planned) {
    if (cell.failure !== undefined) report.warn(`${titleOf(cell)} cannot be run: ${cell.failure.message}`);
  }
  const waiting = await waitingCells(experiment);
  if (options.torch !== undefined) requirePython(options.torch, waiting);
  const total = new Set(experiment.planned.flatMap(({ id }) => id ?? [])).size;
  report.note(`${total} ${total === 1 ? 'cell' : 'cells'}, ${total - waiting.length} finished`);
  await experiment.write();
  const queue = waiting.values();
  const running = new Map<string, Promise<void>>();
  const work = async () => {
    for (const cell of queue) {
      if (signal.aborted) return;
      const ended = (async () => {
        // It stands in front in the queue: another worker has it, or had it.
        await running.get(cell.initialCell ?? '');
        if (signal.aborted) return;
        report.note(`cell ${cell.id}: ${titleOf(cell)}`);
        await runCell(experiment, cell, options, context);
      })();
      running.set(cell.id, ended);
      await ended;
      await experiment.write();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs ?? 1, waiting.length) }, work));
  return {
    table: await experiment.write(),
    out: experiment.out,
    status: signal.aborted ? 'interrupted' : 'done',
  };
}

/** Asked for once: without it every cell would fail, each for the same reason. */
function requirePython({ python }: TorchOptions, waiting: readonly NamedCell[]): void {
  const trained = waiting.find(({ asked }) => asked === undefined);
  if (python !== undefined || trained === undefined) return;
  requireTorchPython({ cacheDir: trained.config.cache_dir ?? undefined });
}

const titleOf = ({ row, seed }: PlannedCell) => `${row.name}, seed ${seed}`;

/** Once each, in the table's order, but behind the cell that each starts from. */
async function waitingCells({ planned, result }: Experiment): Promise<NamedCell[]> {
  const { rows } = await result();
  const finished = new Set(
    rows.flatMap(({ cells }) => cells.flatMap(({ id, state }) => (state === 'finished' ? [id] : []))),
  );
  const named = planned.filter((cell): cell is NamedCell => cell.failure === undefined);
  const byId = new Map(named.map((cell) => [cell.id, cell]));
  const waiting = new Map<string, NamedCell>();
  const add = (cell: NamedCell) => {
    if (finished.has(cell.id) || waiting.has(cell.id)) return;
    const first = byId.get(cell.initialCell ?? '');
    if (first !== undefined) add(first);
    waiting.set(cell.id, cell);
  };
  for (const cell of named) add(cell);
  return [...waiting.values()];
}

async function runCell(
  experiment: Experiment,
  { id, key, config, initialCell, asked, ...cell }: NamedCell,
  { jobs = 1, allowEndpoint = false, torch }: RunExperimentOptions,
  context: WorkflowContext,
): Promise<void> {
  const { signal, report } = context;
  const { cells } = experiment;
  try {
    if (initialCell !== undefined) {
      const initial = runPaths(join(cells, initialCell));
      if (!existsSync(initial.finished) && isLocked(initial.lock)) {
        report.warn(`${id} is left alone: the cell that it starts from is trained by another process`);
        return;
      }
      if (!existsSync(initial.finished)) throw initialFailed(cell.row, `${initialCell} is not finished`);
      requireOwnData(experiment, cell.row, initialCell);
    }
    writeRecord(cells, id, key);
    if (asked !== undefined) {
      const numThreads = asked.numThreads ?? threadsFor(jobs) ?? undefined;
      await runPromptCell({ ...asked, numThreads }, config.output_dir, allowEndpoint, context);
    } else if (existsSync(runPaths(config.output_dir).record))
      await resumeTraining({ run: config.output_dir, ...(torch === undefined ? {} : { torch }) }, context);
    else {
      const shared = { ...config, num_threads: config.num_threads ?? threadsFor(jobs) };
      await startTraining(
        { config: shared, inputs: await checkTrainInputs(shared, context) },
        context,
        torch,
      );
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof VultuneError && error.code === 'RUN_LOCKED') {
      report.warn(`${id} is left alone: ${error.message}`);
      return;
    }
    const failure = asFailure(error);
    writeRecord(cells, id, key, failure);
    report.warn(`${cell.row.name}, seed ${cell.seed} failed: ${failure.message}`);
  }
}

/** A folder that was copied to the name of the first cell may hold a training on other data. */
function requireOwnData({ planned, cells }: Experiment, row: PlannedCell['row'], initialCell: string): void {
  const first = planned.find(({ id }) => id === initialCell);
  if (first === undefined || first.failure !== undefined) return;
  try {
    finishedCell(cells, first, new Map());
  } catch (error) {
    throw error instanceof VultuneError ? initialFailed(row, error.message) : error;
  }
}

/** Null: all cores, as for a single training. */
const threadsFor = (jobs: number) =>
  jobs === 1 ? null : Math.max(1, Math.floor(availableParallelism() / jobs));

/** A bug of ours fails its cell too: the others may not have it. */
function asFailure(error: unknown): CellFailure {
  if (error instanceof VultuneError) return failureOf(error);
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
