/** @file One progress for a download of several files: starts with the first byte, adds them up. */
import { type Progress, startProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface DownloadEvent {
  readonly file: string;
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
}

export interface DownloadProgress {
  readonly onProgress: (event: DownloadEvent) => void;
  /** Takes the line away, if there was one. */
  stop(): void;
}

export function downloadProgress(label: string, terminal: Terminal): DownloadProgress {
  const files = new Map<string, DownloadEvent>();
  let progress: Progress | undefined;
  return {
    onProgress(event) {
      // Files that are there already come as whole at once: no line for them alone.
      if (progress === undefined && event.receivedBytes === event.totalBytes) return;
      files.set(event.file, event);
      progress ??= startProgress({ label, total: undefined, unit: 'bytes' }, terminal);
      const all = [...files.values()];
      const done = all.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
      const total = all.reduce<number | undefined>(
        (sum, { totalBytes }) =>
          sum === undefined || totalBytes === undefined ? undefined : sum + totalBytes,
        0,
      );
      progress.update({ done, ...(total === undefined ? {} : { total }) });
    },
    stop: () => progress?.stop(),
  };
}
