/** @file `vultune predict`: writes each prediction as a JSON line, as soon as it is there, or all of them into a file. */
import { writeFileAtomic } from '../../base/files.ts';
import { formatCount } from '../../base/numbers.ts';
import { formatShard } from '../../shards/shard.ts';
import { type Prediction, predict } from '../../workflows/predict/predict.ts';
import { mergePredictions, predictShard } from '../../workflows/predict/predict-shards.ts';
import type { PredictRequest } from '../commands/predict.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { requireShardOut } from '../options.ts';
import { stopWithoutReader } from '../output-closed.ts';

export async function runPredict(
  { out, shard, merge, ...options }: PredictRequest,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr } = context;
  if (shard !== undefined) {
    const part = requireShardOut(shard, out);
    const { functions, predicted } = await predictShard({ ...options, shard, out: part }, reporting(context));
    stderr.write(
      `shard ${formatShard(shard)}: ${formatCount(predicted)} predictions of ${formatCount(functions)} in ${part}\n`,
    );
    return;
  }
  if (merge !== undefined) {
    writePredictions(await mergePredictions({ ...options, merge }, reporting(context)), out, context);
    return;
  }
  const onPredictions = (predictions: readonly Prediction[]) => {
    stdout.write(predictionLines(predictions));
    stopWithoutReader(stdout);
  };
  const predictions = await predict(
    out === undefined ? { ...options, onPredictions } : options,
    reporting(context),
  );
  if (out !== undefined) writePredictions(predictions, out, context);
}

function writePredictions(
  predictions: readonly Prediction[],
  out: string | undefined,
  { stdout, stderr }: CliContext,
): void {
  if (out === undefined) {
    stdout.write(predictionLines(predictions));
    return;
  }
  writeFileAtomic(out, predictionLines(predictions));
  stderr.write(`${formatCount(predictions.length)} predictions in ${out}\n`);
}

export const predictionLines = (predictions: readonly Prediction[]): string =>
  predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join('');
