/** @file The functions whose changed lines are known → how well the lines' scores find them, beside rankings without a model. */
import { clusterRecords } from '../../evaluation/resampling/clusters.ts';
import {
  lineDifferences,
  lineMeasures,
  lineRanks,
  longestLineRanks,
  randomLineRanks,
} from '../../explain/line-metrics.ts';
import { linesOf } from '../../explain/line-scores.ts';
import type { ExplainedFunction, LineComparison, LineInput } from './lines-options.ts';

/** A vulnerable function with a changed line that is not blank. */
export function isMarked({ target, vulnerableLines, code }: LineInput): boolean {
  if (target !== 1 || vulnerableLines === undefined || vulnerableLines.length === 0) return false;
  const lines = linesOf(code);
  return vulnerableLines.some((line) => (lines[line - 1] ?? '').trim() !== '');
}

/** Undefined where no function is marked. */
export function measureLines(
  explained: readonly ExplainedFunction[],
  seed: number,
): LineComparison | undefined {
  const marked = explained.filter(({ input }) => isMarked(input));
  if (marked.length === 0) return undefined;
  const seen = marked.filter(({ input, explanation }) =>
    input.vulnerableLines!.some((line) => explanation.read[line - 1]),
  );
  const functions = seen.map(({ input }) => ({ code: input.code, changed: input.vulnerableLines! }));
  const own = lineRanks(
    functions,
    // Lines that were not read come last, behind those that say "safe".
    seen.map(({ explanation: { scores, read } }) =>
      scores.map((score, line) => (read[line]! ? score : Number.NEGATIVE_INFINITY)),
    ),
  );
  const random = randomLineRanks(functions, seed);
  const clusters = clusterRecords(seen.map(({ input }) => input));
  return {
    functions: seen.length,
    notRead: marked.length - seen.length,
    clusters,
    method: lineMeasures([own]),
    random: lineMeasures(random),
    longestLine: lineMeasures([longestLineRanks(functions)]),
    aboveRandom: lineDifferences([own], random, clusters, seed),
  };
}
