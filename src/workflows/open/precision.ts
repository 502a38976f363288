/**
 * @file In which precision a detector scores: as its adapter was trained, or in another one that was asked for. How far the
 * scores of another one are from the training's is measured on a few functions, said, and kept for the next time.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { scoringIdentity } from '../evaluate/scoring-identity.ts';
import { openTrainedFormat, openWeightFormat, trainedFormat } from './choose-weight-format.ts';
import { type DeviceOptions, openAdapter } from './open-detector.ts';
import type { Precision } from './precision-names.ts';
import { SAMPLE_FUNCTIONS } from './sample-functions.ts';

export interface PrecisionOptions extends DeviceOptions {
  /** Default: `as-trained`. */
  readonly precision?: Precision | undefined;
}

export interface UsedPrecision {
  /** How this machine holds the weights. */
  readonly format: WeightFormat;
  /** Undefined where the scores are those that the adapter was trained to give. */
  readonly drift: PrecisionDrift | undefined;
}

/** What another precision than the training's does to scores. */
export interface PrecisionDrift {
  /** Name of the format that is used. */
  readonly weightFormat: string;
  /** Name of the format that the adapter was trained beside. */
  readonly trainedIn: string;
  /** Largest difference of a score, before calibration and blend. */
  readonly largestDifference: number;
  /** How many functions it was measured on. */
  readonly functions: number;
}

/**
 * Says how far the scores are from the training's, where another precision is asked for.
 * @throws VultuneError as `openWeightFormat`, `openTrainedFormat` and, where something has to be measured, `openAdapter`
 */
export async function usePrecision(
  header: AdapterHeader,
  { precision = 'as-trained', ...device }: PrecisionOptions,
  context: WorkflowContext,
): Promise<UsedPrecision> {
  const ownName = trainedFormat(header);
  if (precision === 'as-trained' || precision === ownName) {
    return { format: await openTrainedFormat(header, device.device ?? 'cpu', context), drift: undefined };
  }
  const format = await openWeightFormat(precision, device.device ?? 'cpu', context);
  // Quantised weights are computed with on the CPU alone; another device is then asked for beside float32.
  const trained = await openTrainedFormat(header, 'cpu', context);
  const drift = await driftOf(header, { format, trained, ...device }, context);
  context.report.note(describeDrift(drift));
  return { format, drift };
}

/** A model behind a prompt has no precision of a training. @throws VultuneError `PRECISION_PROMPTED` */
export function refusePrecision({ precision = 'as-trained' }: PrecisionOptions): void {
  if (precision === 'as-trained') return;
  throw new VultuneError('PRECISION_PROMPTED', `a prompted model is not computed in ${precision}`, {
    where: { name: '--precision' },
    hint: 'Leave it out: it is for fine-tuned models.',
  });
}

export const describeDrift = ({ weightFormat, trainedIn, largestDifference, functions }: PrecisionDrift) =>
  `weights in ${weightFormat}, where the adapter was trained beside ${trainedIn}: on ${functions} sample functions the largest difference of a score is ${shownDifference(largestDifference)}`;

const shownDifference = (difference: number) =>
  difference === 0
    ? '0'
    : difference < 1e-4
      ? difference.toExponential(0)
      : `${Number(difference.toPrecision(2))}`;

/** As JSON outputs have it. */
export const driftJson = ({ weightFormat, trainedIn, largestDifference, functions }: PrecisionDrift) => ({
  weight_format: weightFormat,
  trained_in: trainedIn,
  largest_difference: largestDifference,
  functions,
});

interface Compared extends DeviceOptions {
  readonly format: WeightFormat;
  /** As this machine computes with it. */
  readonly trained: WeightFormat;
}

async function driftOf(
  header: AdapterHeader,
  compared: Compared,
  context: WorkflowContext,
): Promise<PrecisionDrift> {
  const { format, trained } = compared;
  const about = {
    weightFormat: format.name,
    trainedIn: trained.name,
    functions: SAMPLE_FUNCTIONS.length,
  };
  const file = await keptFile(header, compared);
  const kept = file === undefined || !existsSync(file) ? undefined : readKept(file);
  if (kept !== undefined) return { ...about, largestDifference: kept };
  const largestDifference = await measure(header, compared, context);
  if (file !== undefined) keep(file, largestDifference, context);
  return { ...about, largestDifference };
}

/** One after the other: memory holds the weights in one format. */
async function measure(
  header: AdapterHeader,
  { format, trained, device = 'cpu', numThreads }: Compared,
  context: WorkflowContext,
): Promise<number> {
  const scoresIn = async (one: WeightFormat) => {
    const where = one.isQuantized === true ? 'cpu' : device;
    const options = { device: where, numThreads, format: one, blend: 'off' } as const;
    const detector = await openAdapter(header, options, context);
    try {
      return (await detector.judge(SAMPLE_FUNCTIONS, { signal: context.signal })).rawScores;
    } finally {
      await detector.close();
    }
  };
  const expected = await scoresIn(trained);
  const found = await scoresIn(format);
  return found.reduce((most, score, i) => Math.max(most, Math.abs(score - expected[i]!)), 0);
}

const keptSchema = z.object({ formatVersion: z.literal(1), largestDifference: z.number().min(0).max(1) });

const MOST_KEPT_BYTES = 1000;

/** What is damaged is measured again. */
function readKept(file: string): number | undefined {
  return jsonOrUndefined(keptSchema, readTextFile(file, MOST_KEPT_BYTES))?.largestDifference;
}

function keep(file: string, largestDifference: number, { report }: WorkflowContext): void {
  try {
    writeFileAtomic(file, `${JSON.stringify({ formatVersion: 1, largestDifference })}\n`);
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    report.warn(`the measured difference of scores is not kept: ${error.message}`);
  }
}

/** Undefined for an adapter that does not say which base model it is for. */
async function keptFile(
  header: AdapterHeader,
  { format, trained, device = 'cpu' }: Compared,
): Promise<string | undefined> {
  const identity = await scoringIdentity(header);
  if (identity === undefined) return undefined;
  const key = createHash('sha256')
    .update(JSON.stringify([identity, format.name, trained.name, device, SAMPLE_FUNCTIONS]))
    .digest('hex')
    .slice(0, 16);
  return join(vultuneCacheDir(undefined), 'precision', `${key}.json`);
}
