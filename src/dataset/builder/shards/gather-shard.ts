/**
 * @file One shard of a dataset build: its share of the fixes, analysed and copied into the folder of a part. Labels, duplicates and
 * splits need the fixes of all shards, so they are the merge's business.
 */
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { fileError, makeFolder } from '../../../base/files.ts';
import { InputsDigest } from '../../../shards/inputs-digest.ts';
import type { Shard } from '../../../shards/shard.ts';
import { ShardWriter } from '../../../shards/shard-file.ts';
import { type BuildOptions, workerThreads } from '../build-options.ts';
import { shardOfBuild } from '../gather/gather-share.ts';
import { gatherSources } from '../gather/gather-sources.ts';
import { buildIdentity, PART_LIST, PART_UNITS } from './build-identity.ts';

export interface GatherShardOptions
  extends Pick<BuildOptions, 'sources' | 'outDir' | 'cacheDir' | 'threads' | 'onProgress' | 'signal'> {
  readonly shard: Shard;
}

export interface GatherShardResult {
  /** Fixes, and stretches of labelled records, of all shards and of this one. */
  readonly units: number;
  readonly own: number;
}

/** @throws VultuneError `OUTPUT_EXISTS`, `DATASET_BUILD_STOPPED`; as the sources and `AtomicWriter` */
export async function gatherShard(options: GatherShardOptions): Promise<GatherShardResult> {
  const { sources, shard, outDir, onProgress } = options;
  requirePartFolder(outDir);
  const startedAt = new Date();
  const identity = buildIdentity(sources);
  const cacheDir = resolve(options.cacheDir);
  const all = new InputsDigest();
  const names = new Map<string, boolean>();
  await gatherSources(sources, {
    cacheDir,
    threads: workerThreads(options),
    signal: options.signal ?? new AbortController().signal,
    onProgress,
    share: (gatheredDir) =>
      shardOfBuild(
        gatheredDir,
        shard,
        (name, isOwn) => names.set(name, isOwn),
        (code) => all.add(`${code.length} ${code}`),
      ),
  });
  const own = [...names].filter(([, isOwn]) => isOwn).map(([name]) => name);
  const writer = new ShardWriter(join(outDir, PART_LIST), { kind: 'data build', shard, identity, startedAt });
  try {
    for (const name of own) {
      copyUnit(join(cacheDir, 'gathered', name), join(outDir, PART_UNITS, name));
      writer.add({ unit: name });
    }
    for (const name of names.keys()) all.add(`${name}\n`);
    writer.commit(all.digest());
  } finally {
    writer.discard();
  }
  return { units: names.size, own: own.length };
}

function copyUnit(from: string, to: string): void {
  try {
    makeFolder(dirname(to));
    copyFileSync(from, to);
  } catch (error) {
    throw fileError(error, to, 'write');
  }
}

/** Throws OUTPUT_EXISTS for a folder that holds something else than an earlier part. */
function requirePartFolder(outDir: string): void {
  const others = existsSync(outDir)
    ? readdirSync(outDir).filter(
        (name) => !name.startsWith(PART_LIST) && name !== PART_UNITS && !name.startsWith('.'),
      )
    : [];
  if (others.length === 0) return;
  throw new VultuneError('OUTPUT_EXISTS', `${outDir} holds something else than a part: ${others[0]}`, {
    where: { file: outDir },
    hint: 'choose a new or empty folder for the part',
  });
}
