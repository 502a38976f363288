/**
 * @file Predictions in shards. The passes of the model hold the same functions as without shards and are divided by the id of their
 * first function, so that joined predictions are those of one process to the last bit. A part holds predictions with their places.
 */
import { VultuneError } from '../../base/errors.ts';
import { adapterScale } from '../../judging/adapter-scale.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import { z } from '../../schema/zod.ts';
import { digestLines } from '../../shards/inputs-digest.ts';
import { joinItems } from '../../shards/join-items.ts';
import { OwnShare } from '../../shards/own-share.ts';
import { ownsTurn, type Shard } from '../../shards/shard.ts';
import { type ShardFile, type ShardIdentity, ShardWriter } from '../../shards/shard-file.ts';
import { readShards } from '../../shards/shard-set.ts';
import { silent, type WorkflowContext, workflowContext } from '../context.ts';
import { openTrainedFormat, openWeightFormat } from '../open/choose-weight-format.ts';
import { promptedScoresKey, scoresKey } from '../open/scores-key.ts';
import { packageVersions } from '../package-versions.ts';
import { type Prediction, type PredictOptions, predictInChunks, readInputs } from './predict.ts';
import type { PredictionInput } from './prediction-inputs.ts';

export interface PredictShardOptions extends Omit<PredictOptions, 'onPredictions'> {
  readonly shard: Shard;
  /** The part to write. */
  readonly out: string;
}

export interface MergePredictionsOptions extends Omit<PredictOptions, 'onPredictions'> {
  /** The parts of all shards. */
  readonly merge: readonly string[];
}

export interface PredictShardResult {
  readonly functions: number;
  readonly predicted: number;
}

/**
 * Predicts one shard's share of the functions into a part. Stopped, it writes none.
 * @throws VultuneError as `predict`
 */
export async function predictShard(
  options: PredictShardOptions,
  given?: Partial<WorkflowContext>,
): Promise<PredictShardResult> {
  const { shard, out } = options;
  const context = workflowContext(given);
  const startedAt = new Date();
  const inputs = await readInputs(options, context);
  const identity = await predictIdentity(options, context);
  const writer = new ShardWriter(out, { kind: 'predict', shard, identity, startedAt });
  let ownRows = new Set<number>();
  let predicted = 0;
  let passes = 0;
  const own = new OwnShare(shard);
  const takes = (rows: readonly number[]) => {
    const isOwn = ownsTurn(shard, passes++);
    own.divide(rows.length, isOwn ? rows.length : 0);
    if (isOwn) for (const row of rows) ownRows.add(row);
    return isOwn;
  };
  try {
    await predictInChunks(inputs, options, context, { takes, own }, (start, predictions) => {
      for (const at of [...ownRows].sort((a, b) => a - b)) {
        writer.add({ at, prediction: predictions[at - start] });
        predicted++;
      }
      ownRows = new Set();
    });
    writer.commit(inputsDigest(inputs));
    return { functions: inputs.length, predicted };
  } finally {
    writer.discard();
  }
}

/**
 * The predictions of all functions out of the parts of all shards; the data is read again, the model is not opened.
 * @throws VultuneError `SHARD_BROKEN`, `SHARD_SET`; as `predict` for data and adapter
 */
export async function mergePredictions(
  options: MergePredictionsOptions,
  given?: Partial<WorkflowContext>,
): Promise<readonly Prediction[]> {
  const context = workflowContext(given);
  const inputs = await readInputs(options, context);
  const identity = await predictIdentity(options, context);
  const parts = readShards(options.merge, { kind: 'predict', identity });
  if (parts[0]!.inputs !== inputsDigest(inputs)) {
    throw new VultuneError('SHARD_SET', 'the parts were made from other functions than those of the data', {
      where: { file: options.data ?? options.run },
      hint: 'give the data that the shards read, as it was',
    });
  }
  return joinPredictions(parts, inputs);
}

const cwe = z.object({ id: z.string().regex(/^CWE-\d{1,5}$/), probability: z.number().min(0).max(1) });
const share = z.number().min(0).max(1);

/** Strict, and in the order of `Prediction`: what a part holds is written out again. */
const item = z.strictObject({
  at: z.int().min(0),
  prediction: z.strictObject({
    id: z.union([z.string(), z.number()]),
    function_name: z.string().nullable().optional(),
    line: z.int().min(1).optional(),
    end_line: z.int().min(1).optional(),
    score: share,
    raw_score: share.optional(),
    label: z.union([z.literal(0), z.literal(1)]),
    truncated: z.boolean(),
    cwe: z.array(cwe).max(9).optional(),
    logits: z.tuple([z.number(), z.number()]).optional(),
    precision: z
      .strictObject({
        weight_format: z.string().max(100),
        trained_in: z.string().max(100),
        largest_difference: share,
        functions: z.int().min(0),
      })
      .optional(),
  }),
});

/** In the order of the inputs. @throws VultuneError `SHARD_BROKEN` for one that is missing, twice, or another function's. */
export function joinPredictions(
  parts: readonly ShardFile[],
  inputs: readonly Pick<PredictionInput, 'id'>[],
): readonly Prediction[] {
  return joinItems(parts, {
    schema: item,
    count: inputs.length,
    valueIn: ({ at, prediction }) =>
      inputs[at]!.id === prediction.id ? (prediction as Prediction) : undefined,
    unexpected: (at) => ({
      message: `the prediction for function ${at + 1} is duplicated, or belongs to another function`,
    }),
    missing: (at) => ({ message: `no part has the prediction for function ${at + 1}` }),
  });
}

async function predictIdentity(
  options: Omit<PredictOptions, 'onPredictions'>,
  context: WorkflowContext,
): Promise<ShardIdentity> {
  const prompted = readPromptedRun(options.run, options.maxLength);
  const judged =
    prompted === undefined
      ? await adapterIdentity(options, context)
      : {
          'prompt and its model': promptedScoresKey(prompted, options.device),
          '--threshold': String(options.threshold ?? prompted.prompted.threshold),
        };
  return {
    version: packageVersions().vultune!,
    ...judged,
    '--prevalence': String(options.prevalence ?? 'none'),
    '--logits': String(options.logits ?? false),
  };
}

async function adapterIdentity(
  options: Omit<PredictOptions, 'onPredictions'>,
  context: WorkflowContext,
): Promise<ShardIdentity> {
  const adapter = locateAdapter(options.run);
  const { blend, threshold } = adapterScale(adapter, options.blend);
  const { precision = 'as-trained', device = 'cpu' } = options;
  // What it warns of is said when the detector is opened.
  const format =
    precision === 'as-trained'
      ? await openTrainedFormat(adapter, device, { report: silent })
      : await openWeightFormat(precision, device, { report: silent });
  const scored = { format, blendFingerprint: blend?.fingerprint };
  const { adapterFingerprint, key } = await scoresKey(options, adapter, scored, context);
  return {
    adapter: adapterFingerprint,
    'model and its options': key,
    '--threshold': String(options.threshold ?? threshold),
  };
}

const inputsDigest = (inputs: readonly PredictionInput[]): string =>
  digestLines(inputs.map(({ id, code, context = '' }) => JSON.stringify([id, context + code])));
