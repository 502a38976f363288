/** @file `vultune lines`: scores, explains the most certain functions and those with marked lines, and measures. */

import { explainLines } from '../../explain/line-scores.ts';
import type { Detector } from '../../judging/detector.ts';
import { openDetector } from '../../workflows/open/open-detector.ts';
import { withScoringProgress } from '../../workflows/scoring-progress.ts';
import type { LinesRequest } from '../commands/lines.ts';
import type { CliContext } from '../context.ts';
import { reporting, terminalReporter } from '../display/terminal-reporter.ts';
import type { ExplainedFunction } from './explained-function.ts';
import { type LineInput, readLineInputs } from './lines-inputs.ts';
import { isMarked, measureLines } from './lines-measures.ts';
import { linesJson, linesText } from './lines-output.ts';

const DEFAULT_COUNT = 10;

export async function linesStage(request: LinesRequest, context: CliContext): Promise<void> {
  const { stdout } = context;
  const inputs = await readLineInputs(request.data, context);
  const detector = await openDetector(request, reporting(context));
  try {
    const explained = await explain(detector, inputs, request, context);
    const measures = measureLines(explained, request.seed);
    const count = request.count ?? (request.json ? inputs.length : DEFAULT_COUNT);
    const output = {
      request,
      threshold: detector.threshold,
      functions: inputs.length,
      shown: explained.slice(0, count),
      measures,
    };
    stdout.write(
      request.json ? `${JSON.stringify(linesJson(output), null, 2)}\n` : linesText(output, stdout),
    );
  } finally {
    await detector.close();
  }
}

/** Most certain first: those that are shown, then the marked ones among the others. */
async function explain(
  detector: Detector,
  inputs: readonly LineInput[],
  { method, count, json }: LinesRequest,
  { stderr, signal }: CliContext,
): Promise<ExplainedFunction[]> {
  const { scores, truncated } = await withScoringProgress(
    'scoring',
    inputs.length,
    terminalReporter(stderr),
    (onProgress) =>
      detector.judge(
        inputs.map(({ code }) => code),
        { signal, onProgress: ({ functions }) => onProgress(functions) },
      ),
  );
  const order = [...inputs.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  const shown = count ?? (json ? order.length : DEFAULT_COUNT);
  const rows = order.filter((row, rank) => rank < shown || isMarked(inputs[row]!));
  const explanations = await withScoringProgress(
    'explaining',
    rows.length,
    terminalReporter(stderr),
    (onProgress) =>
      explainLines(
        detector,
        rows.map((row) => inputs[row]!.code),
        method,
        { signal, onProgress: ({ functions }) => onProgress(functions) },
      ),
  );
  return rows.map((row, i) => ({
    input: inputs[row]!,
    score: scores[row]!,
    truncated: truncated[row]!,
    explanation: explanations[i]!,
  }));
}
