/** @file `vultune predict`: writes each prediction as a JSON line, as soon as it is there, or all of them into a file. */
import { writeFileAtomic } from '../../base/files.ts';
import { formatCount } from '../../base/numbers.ts';
import { type Prediction, predict } from '../../workflows/predict/predict.ts';
import type { PredictRequest } from '../commands/predict.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { stopWithoutReader } from '../output-closed.ts';

export async function runPredict({ out, ...options }: PredictRequest, context: CliContext): Promise<void> {
  const { stdout, stderr } = context;
  const onPredictions = (predictions: readonly Prediction[]) => {
    stdout.write(predictionLines(predictions));
    stopWithoutReader(stdout);
  };
  const predictions = await predict(
    out === undefined ? { ...options, onPredictions } : options,
    reporting(context),
  );
  if (out === undefined) return;
  writeFileAtomic(out, predictionLines(predictions));
  stderr.write(`${formatCount(predictions.length)} predictions in ${out}\n`);
}

export const predictionLines = (predictions: readonly Prediction[]): string =>
  predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join('');
