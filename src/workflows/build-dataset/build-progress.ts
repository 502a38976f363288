/** @file The progress of a dataset build: one task per step of the builder. */
import type { BuildProgress, OnProgress } from '../../dataset/build/progress.ts';
import type { Reporter, RunningTask } from '../context.ts';

export interface RunningBuild {
  readonly onProgress: OnProgress;
  /** Ends the task of the step, if there is one. Safe to call twice. */
  stop(): void;
}

const LABELS: Partial<Record<BuildProgress['stage'], string>> = { list: 'listing', fetch: 'reading' };

export function buildProgress(report: Reporter): RunningBuild {
  let running: { readonly stage: string; readonly task: RunningTask } | undefined;
  const stop = () => {
    running?.task.stop();
    running = undefined;
  };
  return {
    onProgress({ stage, done, total, message }) {
      if (running?.stage !== stage) {
        stop();
        const label = LABELS[stage] ?? stage;
        const task = report.task({ label, total: total === 0 ? undefined : total, unit: 'steps' });
        running = { stage, task };
      }
      running.task.update({ done, ...(total === 0 ? {} : { total }), phase: message });
    },
    stop,
  };
}
