/**
 * @file What a training will take on this machine: memory by parts, disk, time, against what there is, and what to change where it does
 * not fit. Estimates out of sizes and a measured block; nothing of the model's weights is read.
 */
import { memoryLimitBytes } from '../../base/memory-limit.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { chooseCut } from '../../network/choose-cut.ts';
import type { Example } from '../../objectives/objective.ts';
import type { Learnt, TrainingPlan } from '../train/setup.ts';
import { possibleChanges } from './advice.ts';
import { type DiskEstimate, estimateDisk } from './disk.ts';
import { type Engine, speedOfEarlierRun } from './earlier-runs.ts';
import { knownSpeed, type SpeedOptions } from './known-speed.ts';
import { estimateMemory, type MemoryPart } from './memory.ts';
import type { PlannedNetwork } from './planned-network.ts';
import { estimateTime, type TimePart } from './time.ts';
import { workloadOf } from './workload.ts';

export interface TrainingEstimate {
  readonly functions: number;
  readonly tokensPerEpoch: number;
  readonly epochs: number;
  readonly steps: number;
  /** How the weights of the blocks are held. */
  readonly weightFormat: string;
  readonly memory: {
    /** Bytes that are there at one time. */
    readonly parts: Readonly<Record<MemoryPart, number>>;
    readonly peakBytes: number;
    /** What this machine, or the container around the process, allows. */
    readonly limitBytes: number;
    readonly fits: boolean;
  };
  readonly disk: DiskEstimate & { readonly fits: boolean };
  readonly time: {
    readonly parts: Readonly<Record<TimePart, number>>;
    readonly totalMs: number;
    /** ISO 8601: when the block was measured. */
    readonly measuredAt: string;
  };
  /** The steps of all epochs at the speed of an earlier run beside this one, of the same model and settings. */
  readonly earlierRun: { readonly run: string; readonly stepsMs: number } | null;
  /** What would help where it does not fit or takes long; empty where there is no need. */
  readonly changes: readonly EstimatedChange[];
}

export interface EstimatedChange {
  readonly setting: string;
  readonly peakBytes: number;
  readonly fits: boolean;
  /** Null where the block would have to be measured anew. */
  readonly totalMs: number | null;
}

export interface EstimateOptions extends SpeedOptions {
  /** Bytes of the model that are not on this machine yet. Default: 0. */
  readonly downloadBytes?: number | undefined;
  /** Default: this machine's, or the container's. */
  readonly memoryBytes?: number | undefined;
  /** Whose earlier runs say how fast steps are; all else is estimated for Vultune's own engine. Default: vultune. */
  readonly engine?: Engine | undefined;
}

/** Longer than this, what would shorten it is said. */
const LONG_MS = 12 * 3600 * 1000;

/** @param records functions of the files by key: train_file, valid_file, test_file */
export async function estimateTraining(
  plan: TrainingPlan,
  examples: readonly Example<Learnt>[],
  records: ReadonlyMap<string, readonly LabelledRecord[]>,
  { downloadBytes = 0, memoryBytes = memoryLimitBytes(), engine, ...speedOptions }: EstimateOptions = {},
): Promise<TrainingEstimate> {
  const { config, model } = plan;
  const { blocksPerStage, activations } = chooseCut({
    cut: config.cut,
    blocksPerGraph: config.blocks_per_graph,
    activations: config.activations,
    device: config.device,
  });
  const network: PlannedNetwork = { plan, format: model.weights.format, blocksPerStage, activations };
  const work = workloadOf(plan, examples, records);
  const memory = await estimateMemory(network, work);
  const isOnCpu = config.device === 'cpu';
  const fits = !isOnCpu || memory.peakBytes <= memoryBytes;
  const scoredFunctions = (records.get('valid_file')?.length ?? 0) + (records.get('test_file')?.length ?? 0);
  const disk = estimateDisk(network, work, { downloadBytes, scoredFunctions });
  const speed = await knownSpeed(network, work, speedOptions);
  const time = estimateTime(network, work, speed);
  const earlier = speedOfEarlierRun(config, engine);
  const isLong = time.totalMs > LONG_MS;
  const changes: EstimatedChange[] = [];
  if (!fits || isLong) {
    for (const { setting, network: changed } of possibleChanges(network, records.get('train_file') ?? [])) {
      const changedWork = workloadOf(
        changed.plan,
        shortened(examples, changed.plan.config.max_length),
        records,
      );
      const { peakBytes } = await estimateMemory(changed, changedWork);
      const isMeasured = changed.format === network.format && changed.activations === activations;
      const totalMs = isMeasured ? estimateTime(changed, changedWork, speed).totalMs : null;
      const helps = fits ? totalMs !== null && totalMs < time.totalMs : peakBytes < memory.peakBytes;
      if (helps) changes.push({ setting, peakBytes, fits: peakBytes <= memoryBytes, totalMs });
    }
  }
  return {
    functions: work.functions,
    tokensPerEpoch: work.tokens,
    epochs: config.num_train_epochs,
    steps: work.steps,
    weightFormat: network.format.name,
    memory: { parts: memory.parts, peakBytes: memory.peakBytes, limitBytes: memoryBytes, fits },
    disk: { ...disk, fits: disk.places.every(({ neededBytes, freeBytes }) => neededBytes <= freeBytes) },
    time: { ...time, measuredAt: new Date(speed.measuredAtMs).toISOString() },
    earlierRun:
      earlier === undefined
        ? null
        : { run: earlier.run, stepsMs: (1000 * work.epochs * work.tokens) / earlier.tokensPerSecond },
    changes,
  };
}

const shortened = (examples: readonly Example<Learnt>[], maxLength: number): readonly Example<Learnt>[] =>
  examples.map((example) =>
    example.ids.length <= maxLength ? example : { ...example, ids: example.ids.slice(0, maxLength) },
  );
