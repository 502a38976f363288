/** @file What a planned training writes to disk, by folder, against what the disks have left. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parameterSpecs } from '../../adapters/adapter-parameters.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { planStages } from '../../network/stage-plan.ts';
import { sizeOf } from '../../tensor/host-tensor.ts';
import type { PlannedNetwork } from './planned-network.ts';
import type { Workload } from './workload.ts';

export const DISK_PARTS = ['model', 'feature cache', 'checkpoints', 'run folder'] as const;
export type DiskPart = (typeof DISK_PARTS)[number];

export interface DiskEstimate {
  readonly parts: Readonly<Record<DiskPart, number>>;
  /** What the finished run leaves in its folder: the adapter and the last checkpoint. */
  readonly leftBytes: number;
  /** Each file system that is written to, by one of its folders. */
  readonly places: readonly DiskPlace[];
}

export interface DiskPlace {
  readonly folder: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

const FLOAT_BYTES = 4;
/** The last checkpoint, the one before it, and the next while it is written. */
const CHECKPOINTS = 3;
/** Parameters, two moments, the best ones. */
const COPIES = 4;
/** A line of events.jsonl. */
const EVENT_BYTES = 350;
/** A function among predictions, and reports. */
const PREDICTION_BYTES = 400;
const REPORT_BYTES = 2e6;

/** @param downloadBytes of the model where it is not on this machine yet */
export function estimateDisk(
  { plan, blocksPerStage }: Pick<PlannedNetwork, 'plan' | 'blocksPerStage'>,
  work: Workload,
  { downloadBytes, scoredFunctions, modelFolder }: DiskOptions,
): DiskEstimate {
  const { config, model, adapted, whole, task } = plan;
  const { frozen } = planStages([...adapted, ...whole], model.spec.layers.length, blocksPerStage);
  const tokens = [work.tokens, ...work.validation, ...work.test].reduce((sum, count) => sum + count, 0);
  const features =
    frozen.length > 0 && config.feature_cache
      ? Math.min(config.feature_cache_max_gb * 1e9, FLOAT_BYTES * tokens * model.spec.hiddenSize)
      : 0;
  const trained = parameterSpecs(adapted, task.head, whole).reduce(
    (sum, { shape }) => sum + sizeOf(shape),
    0,
  );
  const parts = {
    model: downloadBytes,
    'feature cache': features,
    checkpoints: CHECKPOINTS * COPIES * FLOAT_BYTES * trained,
    'run folder':
      FLOAT_BYTES * trained + EVENT_BYTES * work.steps + PREDICTION_BYTES * scoredFunctions + REPORT_BYTES,
  };
  const cache = vultuneCacheDir(config.cache_dir ?? undefined);
  const needs: readonly (readonly [string, number])[] = [
    [config.output_dir, parts.checkpoints + parts['run folder']],
    [join(cache, 'features'), parts['feature cache']],
    [modelFolder ?? cache, parts.model],
  ];
  return {
    parts,
    leftBytes: (COPIES + 1) * FLOAT_BYTES * trained,
    places: bySystem(needs.filter(([, bytes]) => bytes > 0)),
  };
}

export interface DiskOptions {
  readonly downloadBytes: number;
  /** Functions of the files that are evaluated on. */
  readonly scoredFunctions: number;
  /** Where the model is fetched to; default: the cache. */
  readonly modelFolder?: string | undefined;
}

/** Folders of one file system share what it has left. */
function bySystem(needs: readonly (readonly [folder: string, bytes: number])[]): DiskPlace[] {
  const places = new Map<number, DiskPlace>();
  for (const [folder, bytes] of needs) {
    let nearest = resolve(folder);
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    const { dev } = statSync(nearest);
    const { bavail, bsize } = statfsSync(nearest);
    const found = places.get(dev);
    places.set(dev, {
      folder: found?.folder ?? folder,
      neededBytes: (found?.neededBytes ?? 0) + bytes,
      freeBytes: bavail * bsize,
    });
  }
  return [...places.values()];
}
