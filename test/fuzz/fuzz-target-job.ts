/** @file Runs targets on one wrong input after another, in a thread that can be ended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VultuneError } from '../../src/base/errors.ts';
import type { WorkerStream } from '../../src/workers/worker-job.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutant } from './mutate.ts';
import { FUZZ_TARGETS } from './targets.ts';

export interface FuzzShare {
  readonly target: string;
  /** The first input. */
  readonly from: number;
  /** At least one input is tried. */
  readonly milliseconds: number;
}

/** The shares of one thread, one after the other: starting a thread takes as long as a thousand inputs. */
export interface FuzzJob {
  readonly seed: number;
  readonly shares: readonly FuzzShare[];
}

export interface FuzzOutcome {
  readonly target: string;
  readonly index: number;
  /** Undefined: it was read. A code: refused. */
  readonly code?: string;
  /** Neither: the text of what was thrown. */
  readonly finding?: string;
}

/** `begins`: the target's first input comes next. */
export type FuzzEvent = FuzzOutcome | { readonly begins: string };

export async function* fuzzTargets({ seed, shares }: FuzzJob): AsyncGenerator<FuzzEvent> {
  for (const { target: name, from, milliseconds } of shares) {
    const target = FUZZ_TARGETS.find((one) => one.name === name)!;
    const seeds = await target.seeds();
    yield { begins: name };
    const until = performance.now() + milliseconds;
    let index = from;
    do {
      yield { target: name, index, ...(await tried(target, mutant(seeds, seed, name, index))) };
      index++;
    } while (performance.now() < until);
  }
}

/** Memory that no small input has a right to; the highest use of the process tells. */
const MOST_KILOBYTES = 600 * 1024;

async function tried(target: FuzzTarget, bytes: Uint8Array): Promise<Pick<FuzzOutcome, 'code' | 'finding'>> {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-fuzz-'));
  const before = process.resourceUsage().maxRSS;
  try {
    await target.run(bytes, folder);
  } catch (error) {
    return error instanceof VultuneError
      ? { code: error.code }
      : { finding: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const grown = process.resourceUsage().maxRSS - before;
  return grown > MOST_KILOBYTES ? { finding: `it took ${Math.round(grown / 1024)} MiB of memory` } : {};
}

export const FUZZ_JOB: WorkerStream<FuzzJob, FuzzEvent> = {
  url: import.meta.url,
  name: 'fuzzTargets',
  run: fuzzTargets,
};
