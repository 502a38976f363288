/**
 * @file How a job says on its way that it goes on: a word of progress that starts its time limit anew. Outside a bounded
 * worker nobody listens.
 */

const AT_MOST_EVERY_MS = 100;

let send: ((note: unknown) => void) | undefined;
let saidAt = 0;

/** For a job's long stretches without output. Plain data; cheap to call often, most calls are dropped. */
export function tellAlive(note: unknown): void {
  const now = performance.now();
  if (send === undefined || now - saidAt < AT_MOST_EVERY_MS) return;
  saidAt = now;
  send(note);
}

/** For the worker's entry. */
export function sendNotesTo(listener: (note: unknown) => void): void {
  send = listener;
}
