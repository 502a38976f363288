/**
 * @file Tells when a run's files have changed. Looks at their sizes and times every second: file watchers miss
 * changes on network disks, and a run writes a line every few seconds.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runPaths } from '../runs/run-folder.ts';

const LOOK_EVERY_MS = 1000;

/** Changes when a file that a page is made of does. */
export function runStamp(dir: string): string {
  const { record, events, metrics, lock, predictions } = runPaths(dir);
  return [record, events, metrics, lock, predictions]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((stat) => (stat === undefined ? '-' : `${stat.size}@${stat.mtimeMs}`))
    .join(' ');
}

/**
 * Yields at once (what happened since the page was made is not known), then at each change. Ends with the signal.
 */
export async function* runChanges(
  dir: string,
  signal: AbortSignal,
  lookEveryMs = LOOK_EVERY_MS,
): AsyncGenerator<string> {
  let last: string | undefined;
  while (!signal.aborted) {
    const stamp = runStamp(dir);
    if (stamp !== last) yield stamp;
    last = stamp;
    try {
      await sleep(lookEveryMs, undefined, { signal });
    } catch {
      return; // aborted while it slept
    }
  }
}
