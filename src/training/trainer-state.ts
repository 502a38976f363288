/**
 * @file Everything that decides how training goes on: with it and the data a killed run continues as if it had not been
 * killed. One file, written whole or not at all.
 */
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { readSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts';
import type { AdapterParameters } from '../peft/adapter-parameters.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { type AdamWState, zerosLike } from './adamw.ts';

export interface BestSoFar {
  readonly step: number;
  readonly metric: number;
  /** Copies, by PEFT's key. */
  readonly parameters: AdapterParameters;
  /** Scores of the validation functions, from which the threshold is chosen. */
  readonly validScores: Float64Array;
}

export interface TrainerState {
  readonly parameters: AdapterParameters;
  readonly optimizer: AdamWState;
  /** Optimiser steps done. */
  step: number;
  /** Epochs done, and steps done of the current one. */
  epoch: number;
  stepInEpoch: number;
  /** Sums over the current epoch. */
  epochLossNats: number;
  epochFunctions: number;
  epochTokens: number;
  epochMs: number;
  /** An evaluation is due before the next step. */
  evaluationDue: boolean;
  evaluationsWithoutImprovement: number;
  /** Time spent training, interruptions left out. */
  elapsedMs: number;
  best: BestSoFar | undefined;
}

export function initialState(parameters: AdapterParameters): TrainerState {
  return {
    parameters,
    optimizer: { firstMoment: zerosLike(parameters), secondMoment: zerosLike(parameters), step: 0 },
    step: 0,
    epoch: 0,
    stepInEpoch: 0,
    epochLossNats: 0,
    epochFunctions: 0,
    epochTokens: 0,
    epochMs: 0,
    evaluationDue: false,
    evaluationsWithoutImprovement: 0,
    elapsedMs: 0,
    best: undefined,
  };
}

export function copyParameters(parameters: AdapterParameters): AdapterParameters {
  return new Map(
    [...parameters].map(([key, { shape, data }]) => [key, hostTensor('float32', shape, data.slice())]),
  );
}

/** Relative to the folder of checkpoints. */
export const STATE_FILE = 'last.safetensors';

type Counters = Omit<TrainerState, 'parameters' | 'optimizer' | 'best'>;

export async function saveState(folder: string, state: TrainerState): Promise<void> {
  const { parameters, optimizer, best, ...counters } = state;
  const tensors: Record<string, HostTensor> = {};
  for (const [key, tensor] of parameters) {
    const like = (data: Float32Array) => hostTensor('float32', tensor.shape, data);
    tensors[`parameter/${key}`] = tensor;
    tensors[`first_moment/${key}`] = like(optimizer.firstMoment.get(key)!);
    tensors[`second_moment/${key}`] = like(optimizer.secondMoment.get(key)!);
  }
  if (best !== undefined) {
    for (const [key, tensor] of best.parameters) tensors[`best/${key}`] = tensor;
    tensors.best_valid_scores = hostTensor('float64', [best.validScores.length], best.validScores);
  }
  await writeSafetensors(join(folder, STATE_FILE), tensors, {
    counters: JSON.stringify(counters satisfies Counters),
    best: JSON.stringify(best === undefined ? null : { step: best.step, metric: best.metric }),
  });
}

/** Throws CHECKPOINT_STATE when the file is not a state for these parameters. */
export async function loadState(folder: string, like: AdapterParameters): Promise<TrainerState> {
  const file = join(folder, STATE_FILE);
  const stored = await readSafetensors(file);
  const fail = (name: string): never => {
    throw new VultuneError(
      'CHECKPOINT_STATE',
      'the checkpoint is not of this run: a part is missing or another',
      {
        where: { file, name },
        hint: 'Was the configuration in run.json changed? Start a new run instead.',
      },
    );
  };
  const read = async (prefix: string): Promise<AdapterParameters> => {
    const entries: [string, HostTensor<'float32'>][] = [];
    for (const [key, { shape }] of like) {
      const name = `${prefix}/${key}`;
      const tensor = stored.tensors.has(name) ? await stored.read(name) : fail(name);
      if (tensor.dtype !== 'float32' || tensor.shape.join() !== shape.join()) fail(name);
      entries.push([key, tensor as HostTensor<'float32'>]);
    }
    return new Map(entries);
  };
  const arrays = (map: AdapterParameters) => new Map([...map].map(([key, { data }]) => [key, data]));
  const counters = parseCounters(stored.metadata.counters) ?? fail('counters');
  const best = JSON.parse(stored.metadata.best ?? 'null') as { step: number; metric: number } | null;
  if (best !== null && !stored.tensors.has('best_valid_scores')) fail('best_valid_scores');
  return {
    ...counters,
    parameters: await read('parameter'),
    optimizer: {
      firstMoment: arrays(await read('first_moment')),
      secondMoment: arrays(await read('second_moment')),
      step: counters.step,
    },
    best:
      best === null
        ? undefined
        : {
            ...best,
            parameters: await read('best'),
            validScores: (await stored.read('best_valid_scores')).data as Float64Array,
          },
  };
}

/** Undefined when the text is not all of them, each of its type. */
function parseCounters(text: string | undefined): Counters | undefined {
  const { parameters: _p, optimizer: _o, best: _b, ...like } = initialState(new Map());
  try {
    const counters = JSON.parse(text ?? '') as Counters;
    const isWhole = Object.entries(like).every(
      ([key, value]) => typeof counters[key as keyof Counters] === typeof value,
    );
    return isWhole ? counters : undefined;
  } catch {
    return undefined;
  }
}
