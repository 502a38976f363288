/** @file What a run folder says for the columns of a table: metrics with their intervals, times, memory, curves, baselines. */
import { existsSync } from 'node:fs';
import { readTextFile } from '../base/files.ts';
import { type StoredMetrics, storedMetrics } from '../report/run/stored-metrics.ts';
import { type Evaluation, type RunEvent, type Step, withoutLostSteps } from '../runs/events.ts';
import { isFinished, openRun, type Run, runEvents } from '../runs/run-folder.ts';
import { checkJson } from '../schema/check-value.ts';
import { isSplitMetric } from './metric-label.ts';
import type { CellFigure } from './summary.ts';
import type { TableColumn } from './table-schema.ts';

/** A finished run, read once for all columns. */
export interface FinishedCell {
  readonly run: Run;
  readonly metrics: StoredMetrics;
  readonly events: readonly RunEvent[];
}

/** Undefined where the run is not finished. @throws VultuneError as `openRun`; `RUN_METRICS_BROKEN`, `RUN_EVENTS_BROKEN` */
export function readFinishedCell(dir: string): FinishedCell | undefined {
  if (!existsSync(dir)) return undefined;
  const run = openRun(dir);
  if (!isFinished(run)) return undefined;
  const { metrics: file } = run.paths;
  const metrics = checkJson(storedMetrics, readTextFile(file), { code: 'RUN_METRICS_BROKEN', file });
  return { run, metrics, events: withoutLostSteps(runEvents(run)) };
}

/** Undefined where the run has no such figure. */
export function cellFigure(cell: FinishedCell, { metric, on }: TableColumn): CellFigure | undefined {
  const { metrics, events } = cell;
  if (isSplitMetric(metric)) return splitFigure(metrics[on], metric);
  const read = RUN_FIGURE_READERS[metric];
  const value = read?.(metrics, events);
  return value === undefined || !Number.isFinite(value) ? undefined : { value };
}

function splitFigure(set: StoredMetrics['test'], metric: string): CellFigure | undefined {
  const value = set?.metrics?.[metric];
  return typeof value === 'number' ? { value, interval: set?.intervals?.[metric] } : undefined;
}

const HOUR_MS = 3_600_000;

const RUN_FIGURE_READERS: Readonly<
  Record<string, (metrics: StoredMetrics, events: readonly RunEvent[]) => number | undefined>
> = {
  unclassified: ({ prompt }) => prompt?.unclassified,
  threshold: ({ test, valid }) => (test ?? valid)?.threshold,
  best_epoch: (_, events) => evaluationsOf(events).findLast(({ isBest }) => isBest)?.epoch,
  training_loss: (_, events) => events.findLast((event) => event.type === 'epoch')?.meanLossNats,
  training_hours: (_, events) => stepTotal(events, ({ durationMs }) => durationMs) / HOUR_MS,
  functions_per_hour: (_, events) =>
    (HOUR_MS * stepTotal(events, ({ functions }) => functions)) /
    stepTotal(events, ({ durationMs }) => durationMs),
  memory_gb: (_, events) => Math.max(...stepsOf(events).map(({ memoryBytes }) => memoryBytes)) / 1e9,
};

const stepsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is Step => event.type === 'step');
const evaluationsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is Evaluation => event.type === 'evaluation' && event.split === 'valid');
const stepTotal = (events: readonly RunEvent[], of: (step: Step) => number) =>
  stepsOf(events).reduce((sum, step) => sum + of(step), 0);

/** [epoch, value] of a validation metric. */
export function cellCurve({ events }: FinishedCell, metric: string): readonly (readonly [number, number])[] {
  return evaluationsOf(events).flatMap(({ epoch, metrics }) => {
    const value = metrics[metric];
    return value === null || value === undefined ? [] : [[epoch, value] as const];
  });
}

/** The figures that stand beside every score: those that any reader can place. */
export const TABLE_BASELINES = ['allPositive', 'lengthOnly', 'tfidfLogisticRegression'] as const;

/** Label and figure of each trivial baseline; a run of another version may lack one. */
export function baselineFigures(
  { metrics }: FinishedCell,
  { metric, on }: TableColumn,
): readonly (CellFigure | undefined)[] {
  return TABLE_BASELINES.map((name) => {
    const row = isSplitMetric(metric) ? metrics[on]?.baselines?.[name] : undefined;
    const value = row?.metrics?.[metric];
    return typeof value === 'number' ? { value, interval: row?.intervals?.[metric] } : undefined;
  });
}
