/** @file The targets of one thread, counted: a thread that hangs or crashes is one finding, and a new one goes on behind it. */
import { streamBounded, type WorkerLimit } from '../../src/workers/bounded-worker.ts';
import { FUZZ_JOB, type FuzzOutcome, type FuzzShare } from './fuzz-target-job.ts';
import { FUZZ_TARGETS } from './targets.ts';

export interface Tally {
  readonly target: string;
  inputs: number;
  read: number;
  readonly refused: Map<string, number>;
  readonly findings: { readonly index: number; readonly text: string }[];
}

/** Longer than any right reader of so small an input takes, on a busy machine too. */
const HANG_MS = 20_000;
const MEMORY_MB = 512;

class LimitReached extends Error {
  readonly limit: WorkerLimit;

  constructor(limit: WorkerLimit, cause: unknown) {
    super(`the thread ended: ${limit}${cause instanceof Error ? ` (${cause.stack ?? cause.message})` : ''}`);
    this.limit = limit;
  }
}

/** `onDone` hears of each target when its share is over. */
export async function fuzzShares(
  seed: number,
  shares: readonly FuzzShare[],
  onDone: (tally: Tally) => void,
): Promise<Tally[]> {
  const tallies = shares.map(
    ({ target }): Tally => ({ target, inputs: 0, read: 0, refused: new Map(), findings: [] }),
  );
  let [at, next, beganMs] = [0, shares[0]?.from ?? 0, performance.now()];
  const goTo = (position: number) => {
    for (; at < position; at++) onDone(tallies[at]!);
    [next, beganMs] = [shares[at]?.from ?? 0, performance.now()];
  };
  while (at < shares.length) {
    const leftMs = Math.max(0, shares[at]!.milliseconds - (performance.now() - beganMs));
    const rest = [{ ...shares[at]!, from: next, milliseconds: leftMs }, ...shares.slice(at + 1)];
    try {
      for await (const event of streamBounded(FUZZ_JOB, { seed, shares: rest }, BOUNDS)) {
        if ('begins' in event) {
          const position = shares.findIndex(({ target }) => target === event.begins);
          if (position > at) goTo(position);
          continue;
        }
        count(tallies[at]!, event);
        next = event.index + 1;
      }
      goTo(shares.length);
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error;
      countLimit(tallies[at]!, next, error);
      next++;
      if (performance.now() - beganMs >= shares[at]!.milliseconds) goTo(at + 1);
    }
  }
  return tallies;
}

const BOUNDS = {
  timeoutMs: HANG_MS,
  memoryMb: MEMORY_MB,
  onLimit: (limit: WorkerLimit, cause?: unknown) => new LimitReached(limit, cause),
};

function count(tally: Tally, { index, code, finding }: FuzzOutcome): void {
  tally.inputs++;
  if (finding !== undefined) tally.findings.push({ index, text: finding });
  else if (code === undefined) tally.read++;
  else refuse(tally, code);
}

function countLimit(tally: Tally, index: number, { limit, message }: LimitReached): void {
  tally.inputs++;
  const isBounded = FUZZ_TARGETS.find(({ name }) => name === tally.target)?.isBounded === true;
  if (isBounded) refuse(tally, `its limit (${limit})`);
  else tally.findings.push({ index, text: message });
}

function refuse({ refused }: Tally, code: string): void {
  refused.set(code, (refused.get(code) ?? 0) + 1);
}
