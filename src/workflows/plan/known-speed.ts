/** @file The speed of a block on this machine, measured once and kept in the cache: the next plan of the same widths waits for nothing. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import { sealLine, unsealLine } from '../../scan/cache/sealed-line.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { type BlockSpeed, measureBlock } from './measure-block.ts';
import type { PlannedNetwork } from './planned-network.ts';
import type { Workload } from './workload.ts';

const FORMAT = 1;
const MOST_BYTES = 4096;
/** What runs beside it changes, and so does the program. */
const VALID_MS = 7 * 24 * 3600 * 1000;

const ms = z.number().nonnegative();
const cost = z.strictObject({ fixedMs: ms, perTokenMs: ms });
const speedSchema = z.strictObject({
  measuredAtMs: ms,
  forward: cost,
  backward: cost,
  last: cost,
  encodeMs: ms,
});

export interface KnownSpeed extends BlockSpeed {
  /** Milliseconds since 1970. */
  readonly measuredAtMs: number;
}

export interface SpeedOptions {
  readonly signal?: AbortSignal | undefined;
  readonly measure?: typeof measureBlock;
}

/** From the cache, else measured and kept there if the disk allows. @throws what `measureBlock` throws */
export async function knownSpeed(
  network: PlannedNetwork,
  work: Workload,
  { signal, measure = measureBlock }: SpeedOptions = {},
): Promise<KnownSpeed> {
  const { plan, format, activations } = network;
  const { config, model, adapted, trainer, task } = plan;
  const functionTokens = powerOfTwo(work.tokens / work.functions);
  const threads = config.num_threads ?? availableParallelism();
  const last = model.spec.layers.length - 1;
  const key = JSON.stringify([
    FORMAT,
    model.spec.layers[last]!.block,
    adapted.filter(({ layer }) => layer === last).map(({ structure }) => structure),
    task.head.id,
    trainer.dropout,
    format.name,
    activations,
    config.device,
    threads,
    functionTokens,
    cpus()[0]?.model,
  ]);
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const file = join(vultuneCacheDir(config.cache_dir ?? undefined), 'speed', `${name}.json`);
  const kept = readKeptSpeed(file, name);
  if (kept !== undefined && isFresh(kept)) return kept;
  const backend = await ortBackend({ device: config.device, threads });
  const speed = await measure(network, backend, {
    functionTokens,
    tokensPerBatch: config.tokens_per_batch,
    signal,
  });
  const measured = { measuredAtMs: Date.now(), ...speed };
  try {
    keepSpeed(file, name, measured);
  } catch (error) {
    // A full or read-only disk: it is measured again the next time.
    if (!(error instanceof VultuneError)) throw error;
  }
  return measured;
}

const powerOfTwo = (value: number) => 2 ** Math.round(Math.log2(Math.max(1, value)));

function isFresh({ measuredAtMs }: KnownSpeed): boolean {
  const age = Date.now() - measuredAtMs;
  return age >= 0 && age < VALID_MS;
}

/** @throws VultuneError as `writeFileAtomic` */
export function keepSpeed(file: string, name: string, speed: KnownSpeed): void {
  writeFileAtomic(file, `${sealLine(name, JSON.stringify(speed))}\n`);
}

/** Undefined for a file that is not there, or not as it was written under this name. */
export function readKeptSpeed(file: string, name: string): KnownSpeed | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const line = unsealLine(readTextFile(file, MOST_BYTES).trimEnd());
    return line?.key === name ? jsonOrUndefined(speedSchema, line.value) : undefined;
  } catch (error) {
    if (error instanceof VultuneError) return undefined;
    throw error;
  }
}
