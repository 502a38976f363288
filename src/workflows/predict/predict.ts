/** @file Predictions: one per function, in the order of the input, none missing. */
import { readCweHead } from '../../adapters/files/cwe-head-files.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { scoresNote } from '../../evaluation/blend/describe-blend.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { describeCweHead } from '../../evaluation/cwe/measured-cwe.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import type { Detector, DetectorJudgeOptions } from '../../judging/detector.ts';
import type { Judgements } from '../../judging/judge.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import type { PromptedJudge } from '../../prompting/prompted-judge.ts';
import type { OwnShare } from '../../shards/own-share.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { type OpenDetectorOptions, openAdapter } from '../open/open-detector.ts';
import { openPromptedJudge } from '../open/open-prompted.ts';
import {
  driftJson,
  type PrecisionDrift,
  type PrecisionOptions,
  refusePrecision,
  usePrecision,
} from '../open/precision.ts';
import { inputColumns, ownTestFile } from '../own-test-file.ts';
import { withScoringProgress } from '../scoring-progress.ts';
import { type PredictionInput, readPredictionInputs } from './prediction-inputs.ts';

export interface PredictOptions extends OpenDetectorOptions, PrecisionOptions {
  /** Send functions to the endpoint of a run of `vultune prompt`. Default: false. */
  readonly allowEndpoint?: boolean | undefined;
  /** Functions: a file of any known format, a table, a source file, or `-` for standard input; default: the test file of the run. */
  readonly data?: string | undefined;
  /** Record field → column of `data`; default: guessed by name. */
  readonly fields?: Columns | undefined;
  /** Share of vulnerable functions where the model is used: scores are moved to it. */
  readonly prevalence?: number | undefined;
  /** Give the two logits too. Default: false. */
  readonly logits?: boolean;
  /** Called with the predictions that are ready, in order: what is stopped half way has given these. */
  readonly onPredictions?: (predictions: readonly Prediction[]) => void;
}

/** As `vultune predict` writes it, one per line. */
export interface Prediction {
  /** The record's own, its number from 1, or FILE:LINE:COLUMN of a function in a source file. */
  readonly id: string | number;
  readonly function_name?: string | null;
  readonly line?: number;
  readonly end_line?: number;
  /** Probability of vulnerable. */
  readonly score: number;
  /** The network's own, where `score` is a blend's, was calibrated or moved to another base rate. */
  readonly raw_score?: number;
  /** 1 from the threshold on. */
  readonly label: 0 | 1;
  /** Whether the function was longer than what was read of it. */
  readonly truncated: boolean;
  /** Likely CWEs of a function that is labelled vulnerable, most probable first; left out without a CWE head in use. */
  readonly cwe?: readonly CweProbability[];
  /** [safe, vulnerable] */
  readonly logits?: readonly [number, number];
  /** Left out where the score is in the precision that the model was trained in. */
  readonly precision?: ReturnType<typeof driftJson>;
}

/** Functions judged before their predictions are handed over: what Ctrl-C or a closed pipe cannot take away. */
const CHUNK = 1024;

/**
 * Scores functions with a fine-tuned model.
 * @throws VultuneError for data, an adapter or a base model that cannot be used, `SCORE_NOT_FINITE`; the signal's reason
 */
export async function predict(
  options: PredictOptions,
  given?: Partial<WorkflowContext>,
): Promise<readonly Prediction[]> {
  const context = workflowContext(given);
  const inputs = await readInputs(options, context);
  const predictions: Prediction[] = [];
  await predictInChunks(inputs, options, context, undefined, (_, found) => {
    options.onPredictions?.(found);
    for (const one of found) predictions.push(one);
  });
  return predictions;
}

/** Throws what `readPredictionInputs` throws. */
export async function readInputs(
  options: Pick<PredictOptions, 'run' | 'data' | 'fields'>,
  context: WorkflowContext,
): Promise<readonly PredictionInput[]> {
  const data = await openDataFile(options.data ?? ownTestFile([options.run], context.report), context);
  return await readPredictionInputs(data, context, { run: options.run, fields: inputColumns(options) });
}

/** The passes of the model that one shard makes. */
export interface PassShare {
  /** Whether a pass over these inputs is made; predictions of any other say nothing. */
  readonly takes: (inputs: readonly number[]) => boolean;
  /** Told of each pass when it is asked about. */
  readonly own: OwnShare;
}

/**
 * Tells the predictions of one stretch of inputs after another, with where it begins.
 * @param share undefined: all passes are made
 */
export async function predictInChunks(
  inputs: readonly PredictionInput[],
  options: PredictOptions,
  context: WorkflowContext,
  share: PassShare | undefined,
  tell: (start: number, predictions: readonly Prediction[]) => void,
): Promise<void> {
  const { signal, report } = context;
  const { judge, scale } = await openPredicting(options, context);
  try {
    const totalNow = () => share?.own.ownOf(inputs.length) ?? inputs.length;
    await withScoringProgress('predicting', totalNow(), report, async (onProgress) => {
      for (let start = 0; start < inputs.length; start += CHUNK) {
        const chunk = inputs.slice(start, start + CHUNK);
        const before = share?.own.own ?? start;
        const judgements = await judge.judge(
          chunk.map(({ code, context: inFront = '' }) => inFront + code),
          {
            signal,
            nameOf: (index) => `${chunk[index]!.id}`,
            onProgress: ({ functions }) => onProgress(before + functions, totalNow()),
            takesPass: share && ((rows) => share.takes(rows.map((row) => start + row))),
          },
        );
        if (share !== undefined) onProgress(share.own.own, totalNow());
        tell(start, predictionsOf(chunk, judgements, scale));
      }
    });
  } finally {
    await judge.close();
  }
}

interface Predicting {
  readonly judge: {
    judge(codes: readonly string[], options: DetectorJudgeOptions): Promise<ScoredJudgements>;
    close(): Promise<void>;
  };
  readonly scale: PredictionScale;
}

async function openPredicting(options: PredictOptions, context: WorkflowContext): Promise<Predicting> {
  const prompted = readPromptedRun(options.run, options.maxLength);
  if (prompted !== undefined) {
    refusePrecision(options);
    const judge = await openPromptedJudge(prompted, options, context);
    const { threshold = judge.threshold, prevalence } = options;
    return {
      judge: { judge: (...asked) => askTaken(judge, ...asked), close: () => judge.close() },
      scale: {
        threshold,
        logits: false,
        isCalibrated: prevalence !== undefined,
        ...(prevalence === undefined
          ? {}
          : { shift: (score: number) => shiftPrior(score, UNKNOWN_PREVALENCE, prevalence) }),
      },
    };
  }
  const { report } = context;
  const adapter = locateAdapter(options.run);
  const { format, drift } = await usePrecision(adapter, options, context);
  const detector = await openAdapter(adapter, { ...options, format }, context);
  const { blend } = detector.scale;
  const cweHead = readCweHead(detector.folder);
  if (cweHead !== undefined) report.note(describeCweHead(cweHead));
  if (blend !== undefined) report.note(scoresNote(blend.blend));
  return { judge: detector, scale: { ...predictionScale(detector, options), drift } };
}

/** A prompted model is asked about one function at a time, so that each is a pass of its own. */
async function askTaken(
  judge: PromptedJudge,
  codes: readonly string[],
  { takesPass, ...options }: DetectorJudgeOptions,
): Promise<ScoredJudgements> {
  if (takesPass === undefined) return await judge.judge(codes, options);
  const taken = [...codes.keys()].filter((row) => takesPass([row]));
  const judged = await judge.judge(
    taken.map((row) => codes[row]!),
    { ...options, nameOf: (index) => options.nameOf?.(taken[index]!) },
  );
  const scores = new Float64Array(codes.length);
  const truncated = new Array<boolean>(codes.length).fill(false);
  for (const [index, row] of taken.entries()) {
    scores[row] = judged.scores[index]!;
    truncated[row] = judged.truncated[index]!;
  }
  return { scores, rawScores: scores, truncated };
}

/** What predictions are made of: a classifier's judgements, or a prompted model's, which has no two logits. */
export type ScoredJudgements = Judgements & {
  readonly rawScores: Float64Array;
  readonly logits?: Float32Array | undefined;
};

export interface PredictionScale {
  readonly threshold: number;
  readonly logits: boolean;
  /** Whether `raw_score` stands beside a score that differs from it. */
  readonly isCalibrated: boolean;
  /** Moves a score to another base rate. */
  readonly shift?: ((score: number) => number) | undefined;
  readonly drift?: PrecisionDrift | undefined;
}

/** A base rate moves every score and the threshold alike: labels stay. Throws EVALUATION_PREVALENCE. */
function predictionScale(
  { threshold, scale: { blend, calibration, prevalence: from } }: Detector,
  { prevalence, logits = false }: PredictOptions,
): PredictionScale {
  const isCalibrated = calibration !== undefined || blend !== undefined || prevalence !== undefined;
  if (prevalence === undefined) return { threshold, logits, isCalibrated };
  return { threshold, logits, isCalibrated, shift: (score) => shiftPrior(score, from, prevalence) };
}

export function predictionsOf(
  inputs: readonly PredictionInput[],
  { logits, scores, rawScores, truncated, cwes }: ScoredJudgements,
  { threshold, logits: withLogits, isCalibrated, shift = (score) => score, drift }: PredictionScale,
): Prediction[] {
  return inputs.map(({ id, place }, i) => ({
    id,
    ...place,
    score: shift(scores[i]!),
    ...(isCalibrated ? { raw_score: rawScores[i]! } : {}),
    label: scores[i]! >= threshold ? 1 : 0,
    truncated: truncated[i]!,
    ...(cwes === undefined || scores[i]! < threshold ? {} : { cwe: cwes[i]! }),
    ...(withLogits && logits !== undefined ? { logits: [logits[2 * i]!, logits[2 * i + 1]!] as const } : {}),
    ...(drift === undefined ? {} : { precision: driftJson(drift) }),
  }));
}
