/** @file The process that trains into a run, as the run's lock names it: not always the one that was started. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Throws when nobody holds the run. */
export function runHolder(run: string): number {
  return (JSON.parse(readFileSync(join(run, 'run.lock'), 'utf8')) as { readonly pid: number }).pid;
}
