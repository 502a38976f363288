/** @file `vultune predict`: JSON lines in, JSON lines out, in the input's order, none missing. */
import { writeFileAtomic } from '../../base/files.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import type { Detector, DetectorJudgements } from '../../judging/detector.ts';
import { openDetector } from '../../workflows/open/open-detector.ts';
import { withScoringProgress } from '../../workflows/scoring-progress.ts';
import type { PredictRequest } from '../commands/predict.ts';
import type { CliContext } from '../context.ts';
import { formatCount } from '../display/numbers.ts';
import { reporting, terminalReporter } from '../display/terminal-reporter.ts';
import { stopWithoutReader } from '../output-closed.ts';
import { type PredictionInput, readPredictionInputs } from './prediction-inputs.ts';

/** Functions judged before their lines are written: what Ctrl-C or a closed pipe cannot take away. */
const CHUNK = 1024;

export async function predictStage(request: PredictRequest, context: CliContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  const inputs = await readPredictionInputs(request.data, signal);
  const detector = await openDetector(request, reporting(context));
  const written: string[] = [];
  const emit = (text: string) => {
    if (request.out === undefined) stdout.write(text);
    else written.push(text);
  };
  try {
    await withScoringProgress('predicting', inputs.length, terminalReporter(stderr), async (onProgress) => {
      for (let start = 0; start < inputs.length; start += CHUNK) {
        stopWithoutReader(stdout);
        const chunk = inputs.slice(start, start + CHUNK);
        const judgements = await detector.judge(
          chunk.map(({ code }) => code),
          {
            signal,
            nameOf: (index) => `${chunk[index]!.id}`,
            onProgress: ({ functions }) => onProgress(start + functions),
          },
        );
        emit(predictionLines(chunk, judgements, { ...request, ...detectorScale(detector, request) }));
      }
    });
  } finally {
    await detector.close();
  }
  if (request.out === undefined) return;
  writeFileAtomic(request.out, written.join(''));
  stderr.write(`${formatCount(inputs.length)} predictions in ${request.out}\n`);
}

/** A base rate moves every score and the threshold alike: labels stay. Throws EVALUATION_PREVALENCE. */
function detectorScale(
  { threshold, calibration }: Detector,
  { prevalence }: PredictRequest,
): Omit<PredictionLineOptions, 'logits'> {
  const from = calibration?.prevalence ?? UNKNOWN_PREVALENCE;
  const isCalibrated = calibration !== undefined || prevalence !== undefined;
  if (prevalence === undefined) return { threshold, isCalibrated };
  return { threshold, isCalibrated, shift: (score) => shiftPrior(score, from, prevalence) };
}

export interface PredictionLineOptions {
  readonly threshold: number;
  readonly logits: boolean;
  /** Whether `raw_score` is said beside a score that it is not. */
  readonly isCalibrated: boolean;
  /** The other base rate that scores and threshold are moved to. */
  readonly shift?: ((score: number) => number) | undefined;
}

export function predictionLines(
  inputs: readonly PredictionInput[],
  { logits, scores, rawScores, truncated }: DetectorJudgements,
  { threshold, logits: withLogits, isCalibrated, shift = (score) => score }: PredictionLineOptions,
): string {
  const lines = inputs.map(({ id, place }, i) =>
    JSON.stringify({
      id,
      ...place,
      score: shift(scores[i]!),
      ...(isCalibrated ? { raw_score: rawScores[i] } : {}),
      label: scores[i]! >= threshold ? 1 : 0,
      truncated: truncated[i],
      ...(withLogits ? { logits: [logits[2 * i], logits[2 * i + 1]] } : {}),
    }),
  );
  return `${lines.join('\n')}\n`;
}
