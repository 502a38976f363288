/** @file How fast earlier trainings beside a planned one were: of the same model, layers, length and device. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { openRun, runEvents } from '../../runs/run-folder.ts';
import { hasTorchPlan } from '../torch/plan-of-run.ts';

const MOST_RUNS = 50;

/** What took the steps of a run. */
export type Engine = 'vultune' | 'torch';

/** Speed of the newest run in the same folder with the same engine, model, layers, length, packing and device; undefined without one. */
export function speedOfEarlierRun(
  config: TrainConfig,
  engine: Engine = 'vultune',
): { readonly tokensPerSecond: number; readonly run: string } | undefined {
  const folder = dirname(resolve(config.output_dir));
  if (!existsSync(folder)) return undefined;
  const runs = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, 'run.json')) && hasTorchPlan(path) === (engine === 'torch'))
    .slice(0, MOST_RUNS);
  let newest: { tokensPerSecond: number; run: string; createdAt: string } | undefined;
  for (const run of runs) {
    const found = speedOf(run, config);
    if (found !== undefined && (newest === undefined || found.createdAt > newest.createdAt)) newest = found;
  }
  return newest;
}

/** Runs of before there was a choice. */
const BEFORE_TASKS = { task: 'classify', loss_on: null } as const;

const SAME = [
  'base_model',
  'task',
  'loss_on',
  'lora_layers',
  'max_length',
  'packing',
  'device',
  'num_threads',
  'keep_layers',
  'load_in_8bit',
  'int8_matmul',
  'load_in_4bit',
  'weights',
] as const;

function speedOf(
  path: string,
  config: TrainConfig,
): { tokensPerSecond: number; run: string; createdAt: string } | undefined {
  try {
    const run = openRun(path);
    const stored = { ...BEFORE_TASKS, ...run.record.config } as Readonly<Record<string, unknown>>;
    if (SAME.some((key) => JSON.stringify(stored[key]) !== JSON.stringify(config[key]))) return undefined;
    let [tokens, durationMs] = [0, 0];
    for (const event of runEvents(run)) {
      if (event.type !== 'step') continue;
      tokens += event.tokens;
      durationMs += event.durationMs;
    }
    if (durationMs === 0) return undefined;
    return { tokensPerSecond: (1000 * tokens) / durationMs, run: path, createdAt: run.record.createdAt };
  } catch (error) {
    // A folder that is not a run of this version has no speed to report.
    if (error instanceof VultuneError) return undefined;
    throw error;
  }
}
