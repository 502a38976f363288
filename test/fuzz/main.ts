/**
 * @file `npm run fuzz`: wrong inputs for every reader of bytes from outside, until the time is up. A reader may read an input or
 * refuse it with a VultuneError; anything else (another error, a hang, a crash) is a finding, exit code 1.
 *
 * npm run fuzz -- [--seconds 60] [--seed 1] [--target NAME ...] [--index N]
 *
 * A finding names target, seed and index: `--target NAME --seed S --index N` runs it again and writes its input to a file.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { streamBounded, type WorkerLimit } from '../../src/workers/bounded-worker.ts';
import { FUZZ_JOB, type FuzzOutcome } from './fuzz-target-job.ts';
import { mutant } from './mutate.ts';
import { FUZZ_TARGETS } from './targets.ts';

/** Longer than any right reader of so small an input takes, on a busy machine too. */
const HANG_MS = 20_000;
const MEMORY_MB = 512;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    index: { type: 'string' },
  },
});
const seed = Number(values.seed);
const targets = FUZZ_TARGETS.filter(({ name }) => values.target?.includes(name) ?? true);

class LimitReached extends Error {
  readonly limit: WorkerLimit;

  constructor(limit: WorkerLimit, cause: unknown) {
    super(`the thread ended: ${limit}${cause instanceof Error ? ` (${cause.message})` : ''}`);
    this.limit = limit;
  }
}

interface Tally {
  inputs: number;
  read: number;
  readonly refused: Map<string, number>;
  readonly findings: { readonly index: number; readonly text: string }[];
}

async function fuzz(target: string, untilMs: number, only: number | undefined): Promise<Tally> {
  const tally: Tally = { inputs: 0, read: 0, refused: new Map(), findings: [] };
  let next = only ?? 0;
  // A thread that hangs or crashes is one finding; the next input goes on in a new one.
  while (Date.now() < untilMs) {
    try {
      for await (const outcome of outcomes(target, next)) {
        count(tally, outcome);
        next = outcome.index + 1;
        if (only !== undefined || Date.now() >= untilMs) return tally;
      }
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error;
      tally.inputs++;
      tally.findings.push({ index: next, text: error.message });
      next++;
      if (only !== undefined) return tally;
    }
  }
  return tally;
}

const outcomes = (target: string, from: number) =>
  streamBounded(
    FUZZ_JOB,
    { target, seed, from },
    { timeoutMs: HANG_MS, memoryMb: MEMORY_MB, onLimit: (limit, cause) => new LimitReached(limit, cause) },
  );

function count(tally: Tally, { index, code, finding }: FuzzOutcome): void {
  tally.inputs++;
  if (finding !== undefined) tally.findings.push({ index, text: finding });
  else if (code === undefined) tally.read++;
  else tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1);
}

let [inputs, findings] = [0, 0];
for (const target of targets) {
  const share = (1000 * Number(values.seconds)) / targets.length;
  const only = values.index === undefined ? undefined : Number(values.index);
  if (only !== undefined) {
    const file = `fuzz-${target.name.replaceAll(/[^\w.-]/g, '-')}-${seed}-${only}`;
    writeFileSync(file, mutant(await target.seeds(), seed, target.name, only));
    process.stdout.write(`input written to ${file}\n`);
  }
  const tally = await fuzz(target.name, Date.now() + share, only);
  inputs += tally.inputs;
  findings += tally.findings.length;
  const codes = [...tally.refused].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
  process.stdout.write(
    `${target.name}: ${tally.inputs} inputs, ${tally.read} read, ${tally.findings.length} findings; refused: ${codes.slice(0, 6).join(', ') || 'none'}\n`,
  );
  for (const { index, text } of tally.findings.slice(0, 5)) {
    process.stdout.write(`  FINDING --target '${target.name}' --seed ${seed} --index ${index}\n`);
    process.stdout.write(`  ${text.split('\n').slice(0, 6).join('\n  ')}\n`);
  }
}
process.stdout.write(`${inputs} inputs for ${targets.length} readers, ${findings} findings\n`);
process.exitCode = findings > 0 || inputs === 0 ? 1 : 0;
