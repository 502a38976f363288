/**
 * @file Runs contenders, each measurement in a fresh process, in alternating rounds (A B C A B C ...), so that what
 * the machine does meanwhile falls on all of them. A worker prints its figures as one JSON line on stdout, the last;
 * what they measure is the benchmark's business.
 */
import { spawn } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';

/** A failure that the reader can act on; printed without a stack. */
export class BenchError extends Error {}

/**
 * @typedef {{ name: string, command: string, args: string[], env?: Record<string, string> }} Contender
 * @typedef {{ name: string, round: number, loadBefore: number, figures?: Record<string, any>, error?: string }} Measurement
 */

/**
 * @param {Contender[]} contenders
 * @param {{ rounds: number, required: string[], say: (text: string) => void }} options `required`: figures, each a
 *   finite number, without which a worker's line does not count
 * @returns {Promise<Measurement[]>} a failed worker is a measurement with an error; the others go on
 */
export async function alternate(contenders, { rounds, required, say }) {
  const measurements = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const loadBefore = loadavg()[0];
      say(`round ${round}/${rounds}  ${contender.name}`);
      const outcome = await runWorker(contender, required);
      if (outcome.error) say(`  ${outcome.error}`);
      measurements.push({ name: contender.name, round, loadBefore, ...outcome });
    }
  }
  return measurements;
}

async function runWorker({ command, args, env }, required) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => child.kill();
  process.once('exit', stop);
  const [stdout, stderr, ending] = await Promise.all([text(child.stdout), text(child.stderr), endOf(child)]);
  process.off('exit', stop);
  if (ending !== undefined) return { error: `${ending}\n${stderr.trim().split('\n').slice(-15).join('\n')}` };
  return parseFigures(stdout, required);
}

async function text(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** undefined when the process ended well. */
function endOf(child) {
  return new Promise((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (code, signal) =>
      done(code === 0 ? undefined : signal ? `killed by ${signal}` : `exit code ${code}`),
    );
  });
}

function parseFigures(stdout, required) {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  let figures;
  try {
    figures = JSON.parse(line);
  } catch {
    return { error: `the last line is no JSON: ${line.slice(0, 200)}` };
  }
  const missing = required.filter((name) => !Number.isFinite(figures[name]));
  return missing.length > 0 ? { error: `no figure for ${missing.join(', ')}` } : { figures };
}

/** Where it was measured, kept with every result. */
export function machine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: loadavg(),
  };
}
