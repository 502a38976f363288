/** @file One task for a download of several files: starts with the first byte, adds them up. */
import type { Reporter, RunningTask } from '../context.ts';

export interface DownloadEvent {
  readonly file: string;
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
}

export interface DownloadProgress {
  readonly onProgress: (event: DownloadEvent) => void;
  /** Ends the task, if there was one. */
  stop(): void;
}

export function downloadProgress(label: string, report: Reporter): DownloadProgress {
  const files = new Map<string, DownloadEvent>();
  let task: RunningTask | undefined;
  return {
    onProgress(event) {
      // Files that are already here arrive whole at once: no task for them alone.
      if (task === undefined && event.receivedBytes === event.totalBytes) return;
      files.set(event.file, event);
      task ??= report.task({ label, total: undefined, unit: 'bytes' });
      const all = [...files.values()];
      const done = all.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
      const total = all.reduce<number | undefined>(
        (sum, { totalBytes }) =>
          sum === undefined || totalBytes === undefined ? undefined : sum + totalBytes,
        0,
      );
      task.update({ done, ...(total === undefined ? {} : { total }) });
    },
    stop: () => task?.stop(),
  };
}
