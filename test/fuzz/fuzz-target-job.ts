/** @file Runs one target on one wrong input after another, in a thread that can be ended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VultuneError } from '../../src/base/errors.ts';
import type { WorkerStream } from '../../src/workers/worker-job.ts';
import { mutant } from './mutate.ts';
import { FUZZ_TARGETS } from './targets.ts';

export interface FuzzJob {
  readonly target: string;
  readonly seed: number;
  /** The first input. */
  readonly from: number;
}

export interface FuzzOutcome {
  readonly index: number;
  /** Undefined: it was read. A code: refused. */
  readonly code?: string;
  /** Neither: the text of what was thrown. */
  readonly finding?: string;
}

/** An endless stream: whoever asks stops asking. */
export async function* fuzzTarget({ target: name, seed, from }: FuzzJob): AsyncGenerator<FuzzOutcome> {
  const target = FUZZ_TARGETS.find((one) => one.name === name)!;
  const seeds = await target.seeds();
  for (let index = from; ; index++) {
    const folder = mkdtempSync(join(tmpdir(), 'vultune-fuzz-'));
    try {
      await target.run(mutant(seeds, seed, name, index), folder);
      yield { index };
    } catch (error) {
      yield error instanceof VultuneError
        ? { index, code: error.code }
        : { index, finding: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

export const FUZZ_JOB: WorkerStream<FuzzJob, FuzzOutcome> = {
  url: import.meta.url,
  name: 'fuzzTarget',
  run: fuzzTarget,
};
