/**
 * @file Tells when something was appended to a run's log. Looks at the size every second: file watchers miss
 * changes on network disks, and a run writes a line every few seconds.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 1000;

/** Yields the size of the file in bytes whenever it has changed; 0 while it is not there. Ends with the signal. */
export async function* sizeChanges(
  path: string,
  signal: AbortSignal,
  lookEveryMs = LOOK_EVERY_MS,
): AsyncGenerator<number> {
  let last = sizeOf(path);
  while (!signal.aborted) {
    try {
      await sleep(lookEveryMs, undefined, { signal });
    } catch {
      return; // aborted while it slept
    }
    const size = sizeOf(path);
    if (size !== last) yield size;
    last = size;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
