/** @file The progress of a dataset build: one task per step of the builder. */
import type { BuildProgress, OnProgress } from '../../dataset/progress.ts';
import type { Reporter, RunningTask } from '../context.ts';

export interface RunningBuild {
  readonly onProgress: OnProgress;
  /** Ends the task of the step, if there is one. Safe to call twice. */
  stop(): void;
}

const LABELS: Partial<Record<BuildProgress['phase'], string>> = { list: 'listing', fetch: 'reading' };

export function buildProgress(report: Reporter): RunningBuild {
  let running: { readonly phase: string; readonly task: RunningTask } | undefined;
  const stop = () => {
    running?.task.stop();
    running = undefined;
  };
  return {
    onProgress({ phase, done, total, message }) {
      if (running?.phase !== phase) {
        stop();
        const label = LABELS[phase] ?? phase;
        const task = report.task({ label, total: total === 0 ? undefined : total, unit: 'steps' });
        running = { phase, task };
      }
      running.task.update({ done, ...(total === 0 ? {} : { total }), phase: message });
    },
    stop,
  };
}
