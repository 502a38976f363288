/** @file A benchmark of contenders from the first round to its figures: run, summed up, shown, kept. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePythonEnv, PythonEnvError } from '../tools/python-env.mjs';
import { say, writeResult } from './results.mjs';
import { summarise } from './summary.mjs';
import { alternate, BenchError, machine } from './worker.mjs';

/**
 * @param {import('./worker.mjs').Contender[]} contenders
 * @param {{ options: { rounds: number, out: string }, required: string[], facts?: object,
 *   report: (summary: ReturnType<typeof summarise>, measurements: import('./worker.mjs').Measurement[]) => string }} parts
 *   `facts`: kept beside the figures
 * @returns {Promise<number>} exit code: 1 when a contender failed
 */
export async function contest(contenders, { options, required, facts = {}, report }) {
  const measurements = await alternate(contenders, { rounds: options.rounds, required, say });
  const summary = summarise(measurements);
  process.stdout.write(`${report(summary, measurements)}\n`);
  writeResult(options.out, {
    ...facts,
    machine: machine(),
    options,
    summary: Object.fromEntries(summary),
    measurements,
  });
  return measurements.some(({ error }) => error) ? 1 : 0;
}

/** The folder is gone when `use` ends, or the process does. */
export async function withWorkFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-bench-'));
  const cleanUp = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', cleanUp);
  try {
    return await use(folder);
  } finally {
    cleanUp();
  }
}

/** Those whose names begin as one of `only`; undefined: all. @throws BenchError for a beginning that no name has */
export function chosen(contenders, only) {
  if (only === undefined) return contenders;
  const unknown = only.find((prefix) => !contenders.some((each) => each.name.startsWith(prefix)));
  if (unknown !== undefined) {
    throw new BenchError(`--only ${unknown}: there is ${contenders.map((each) => each.name).join(', ')}`);
  }
  return contenders.filter((each) => only.some((prefix) => each.name.startsWith(prefix)));
}

/** The interpreter that has the peers. @throws BenchError where it cannot be made */
export function peersPython() {
  try {
    return ensurePythonEnv();
  } catch (error) {
    if (error instanceof PythonEnvError) throw new BenchError(error.message);
    throw error;
  }
}
