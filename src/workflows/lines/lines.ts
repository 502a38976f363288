/** @file Which lines made the scores of functions: scores, explains the highest-scoring ones and those with marked lines, and measures. */
import { withoutContext } from '../../explain/line-scores.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { inputColumns, ownTestFile } from '../own-test-file.ts';
import { withScoringProgress } from '../scoring-progress.ts';
import { readLineInputs } from './inputs.ts';
import { openLineJudge } from './line-judge.ts';
import type { LinesOptions, LinesResult } from './lines-options.ts';
import { isMarked, measureLines } from './measures.ts';

/**
 * Where the data marks the lines that a fix changed, says how well the lines' scores find them.
 * @throws VultuneError for data, an adapter or a base model that cannot be used, `SCORE_NOT_FINITE`; the signal's reason
 */
export async function lines(
  options: LinesOptions,
  given: Partial<WorkflowContext> = {},
): Promise<LinesResult> {
  const { seed = 42 } = options;
  const context = workflowContext(given);
  const { signal, report } = context;
  const data = options.data ?? ownTestFile([options.run], report);
  const inputs = await readLineInputs(data, { ...options, fields: inputColumns(options) }, context);
  const count = options.count ?? inputs.length;
  const codes = inputs.map(({ code, context: inFront = '' }) => inFront + code);
  const judge = await openLineJudge(options, context);
  try {
    const { scores, truncated } = await withScoringProgress('scoring', inputs.length, report, (onProgress) =>
      judge.judge(codes, { signal, onProgress: ({ functions }) => onProgress(functions) }),
    );
    const order = [...inputs.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
    const rows = order.filter((row, rank) => rank < count || isMarked(inputs[row]!));
    const explanations = await withScoringProgress('explaining', rows.length, report, (onProgress) =>
      judge.explain(
        rows.map((row) => codes[row]!),
        { signal, onProgress: ({ functions }) => onProgress(functions) },
      ),
    );
    const explained = rows.map((row, i) => ({
      input: inputs[row]!,
      score: scores[row]!,
      truncated: truncated[row]!,
      explanation: withoutContext(explanations[i]!, inputs[row]!.context ?? ''),
    }));
    const { method, threshold, maxLength, drift } = judge;
    return {
      data,
      method,
      threshold,
      maxLength,
      ...(drift === undefined ? {} : { drift }),
      functions: inputs.length,
      explained: explained.slice(0, count),
      measures: measureLines(explained, seed),
    };
  } finally {
    await judge.close();
  }
}
