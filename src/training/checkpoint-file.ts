/**
 * @file The checkpoint of a training run as a safetensors file: the state's tensors, its counters in the metadata, and a
 * SHA-256 over both. Nothing of a file is believed before its schema and its checksum hold.
 */
import { createHash } from 'node:crypto';
import { initialRankState } from '../adapters/adalora-ranks.ts';
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { VultuneError } from '../base/errors.ts';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from '../checkpoint/safetensors.ts';
import { checkJson } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { DROPOUT_KEYS, type TrainerState } from './trainer-state.ts';

const count = z.int().nonnegative();
const amount = z.number().nonnegative();
/** What a state has besides its tensors. */
const countersSchema = z.strictObject({
  step: count,
  epoch: count,
  stepInEpoch: count,
  epochLossNats: z.number(),
  epochFunctions: count,
  epochTokens: count,
  epochMs: amount,
  evaluationDue: z.boolean(),
  /** Checkpoints of before there was a choice do not say it. */
  dropoutKey: z.enum(DROPOUT_KEYS).default('function'),
  evaluationsWithoutImprovement: count,
  elapsedMs: amount,
});
/** A metric of null: no evaluation could say one, which any number beats. */
const bestSchema = z.strictObject({ step: count, metric: z.number().nullable() }).nullable();

type Counters = Omit<
  TrainerState,
  'parameters' | 'optimizer' | 'ranks' | 'best' | 'difficulty' | 'chosen' | 'plan'
>;

/** Parts of the state of ranks, by the beginning of their tensors' names. */
const RANK_PARTS = ['importance', 'uncertainty', 'kept'] as const;

const BEST_SCORES = 'best_valid_scores';
/** Parts of the state that most trainings have not, each a float64 tensor of its name. */
const OPTIONAL_PARTS = ['difficulty', 'chosen'] as const;

export async function writeCheckpoint(file: string, state: TrainerState): Promise<void> {
  const { parameters, optimizer, ranks, best, difficulty, chosen, plan, ...counters } = state;
  const tensors = new Map<string, HostTensor>();
  for (const [key, tensor] of parameters) {
    const like = (data: Float32Array) => hostTensor('float32', tensor.shape, data);
    tensors.set(`parameter/${key}`, tensor);
    tensors.set(`first_moment/${key}`, like(optimizer.firstMoment.get(key)!));
    tensors.set(`second_moment/${key}`, like(optimizer.secondMoment.get(key)!));
  }
  if (ranks !== undefined) {
    for (const part of RANK_PARTS) {
      for (const [key, data] of ranks[part]) {
        tensors.set(`${part}/${key}`, hostTensor('float32', parameters.get(key)!.shape, data));
      }
    }
  }
  if (best !== undefined) {
    for (const [key, tensor] of best.parameters) tensors.set(`best/${key}`, tensor);
    tensors.set(BEST_SCORES, hostTensor('float64', [best.validScores.length], best.validScores));
  }
  for (const name of OPTIONAL_PARTS) {
    const data = { difficulty, chosen }[name];
    if (data !== undefined) tensors.set(name, hostTensor('float64', [data.length], data));
  }
  const metadata = {
    counters: JSON.stringify(counters satisfies Counters),
    best: JSON.stringify(best === undefined ? null : { step: best.step, metric: best.metric }),
  };
  const sha256 = checksum(tensors, metadata);
  await writeSafetensors(file, tensors, { ...metadata, sha256, ...(plan === undefined ? {} : { plan }) });
}

/** Whether the file is a state, and as long as its header says; its content is not read. */
export async function isWholeCheckpoint(file: string): Promise<boolean> {
  try {
    return (await openStored(file)).metadata.sha256 !== undefined;
  } catch (error) {
    if (error instanceof VultuneError && error.code === BROKEN) return false;
    throw error;
  }
}

/**
 * @throws VultuneError `RUN_CHECKPOINT_BROKEN` when the file is damaged, `RUN_CHECKPOINT_OTHER` when it is whole and not
 * a state for these parameters.
 */
export async function readCheckpoint(file: string, like: AdapterParameters): Promise<TrainerState> {
  const stored = await openStored(file);
  const json = { counters: stored.metadata.counters ?? '', best: stored.metadata.best ?? '' };
  const options = { code: BROKEN, file, hint: DAMAGED_HINT };
  const counters = checkJson(countersSchema, json.counters, options);
  const best = checkJson(bestSchema, json.best, options);
  const tensors = await readTensors(stored, file);
  if (stored.metadata.sha256 !== checksum(tensors, json)) {
    throw brokenCheckpoint(file, 'its content does not match its checksum');
  }
  const part = (prefix: string) => readPart(file, tensors, like, prefix);
  const arrays = (map: AdapterParameters) => new Map([...map].map(([key, { data }]) => [key, data]));
  const ranks = initialRankState(like);
  const rankPart = (name: (typeof RANK_PARTS)[number]) => {
    const keys = [...ranks![name].keys()];
    return arrays(readPart(file, tensors, new Map(keys.map((key) => [key, like.get(key)!])), name));
  };
  const validScores = tensors.get(BEST_SCORES)?.data;
  if (best !== null && !(validScores instanceof Float64Array)) throw otherCheckpoint(file, BEST_SCORES);
  const optional = Object.fromEntries(
    OPTIONAL_PARTS.flatMap((name) => {
      const data = tensors.get(name)?.data;
      return data instanceof Float64Array ? [[name, data]] : [];
    }),
  );
  return {
    ...counters,
    ...optional,
    plan: stored.metadata.plan,
    parameters: part('parameter'),
    optimizer: {
      firstMoment: arrays(part('first_moment')),
      secondMoment: arrays(part('second_moment')),
      step: counters.step,
    },
    ranks:
      ranks === undefined
        ? undefined
        : {
            importance: rankPart('importance'),
            uncertainty: rankPart('uncertainty'),
            kept: rankPart('kept'),
          },
    best:
      best === null
        ? undefined
        : {
            step: best.step,
            metric: best.metric ?? Number.NEGATIVE_INFINITY,
            parameters: part('best'),
            validScores: validScores as Float64Array,
          },
  };
}

/** Everything in an order of its own: the same state has the same checksum wherever its tensors lie. */
function checksum(
  tensors: ReadonlyMap<string, HostTensor>,
  { counters, best }: { readonly counters: string; readonly best: string },
): string {
  const hash = createHash('sha256').update(JSON.stringify([counters, best]));
  for (const name of [...tensors.keys()].sort()) {
    const { dtype, shape, data } = tensors.get(name)!;
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** What safetensors says of a damaged file is about downloads; this file was never downloaded. */
async function openStored(file: string): Promise<SafetensorsFile> {
  try {
    return await readSafetensors(file);
  } catch (error) {
    throw asBroken(file, error);
  }
}

async function readTensors(stored: SafetensorsFile, file: string): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>();
  try {
    for (const name of stored.tensors.keys()) tensors.set(name, await stored.read(name));
  } catch (error) {
    throw asBroken(file, error);
  }
  return tensors;
}

function readPart(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  like: AdapterParameters,
  prefix: string,
): AdapterParameters {
  return new Map(
    [...like].map(([key, { shape }]) => {
      const name = `${prefix}/${key}`;
      const tensor = tensors.get(name);
      if (tensor?.dtype !== 'float32' || tensor.shape.join() !== shape.join()) {
        throw otherCheckpoint(file, name);
      }
      if (!(tensor.data as Float32Array).every(Number.isFinite)) {
        throw brokenCheckpoint(file, `"${name}" holds a value that is not a finite number`);
      }
      return [key, tensor as HostTensor<'float32'>];
    }),
  );
}

const BROKEN = 'RUN_CHECKPOINT_BROKEN';
const DAMAGED_HINT =
  'the file was damaged on disk, or changed: put a copy back, or train again from the start with --start-over';

function asBroken(file: string, error: unknown): unknown {
  if (!(error instanceof VultuneError) || !error.code.startsWith('SAFETENSORS_')) return error;
  return brokenCheckpoint(file, error.message, error);
}

function brokenCheckpoint(file: string, reason: string, cause?: unknown): VultuneError {
  return new VultuneError(BROKEN, `the checkpoint is damaged: ${reason}`, {
    where: { file },
    hint: DAMAGED_HINT,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** @param name the tensor that is missing or of another shape. */
export function otherCheckpoint(file: string, name: string): VultuneError {
  return new VultuneError(
    'RUN_CHECKPOINT_OTHER',
    'the checkpoint does not belong to this run: a part is missing or different',
    {
      where: { file, name },
      hint: 'Was the configuration in run.json changed? Put it back, or start a new run.',
    },
  );
}
