/**
 * @file How well scores of lines point at the lines that a fix changed: LineVul's measures (Fu and Tantithamthavorn,
 * MSR 2022), and those of two rankings without a model. Knows scores and line numbers alone.
 */
import { randomStream } from '../base/random.ts';
import { linesOf } from './line-scores.ts';

export interface LineMeasures {
  /** Functions with at least one changed line. */
  readonly functions: number;
  /** Share of functions with a changed line among the first k. */
  readonly top1: number;
  readonly top5: number;
  readonly top10: number;
  /** Mean number of other lines ahead of the first changed one (initial false alarm). */
  readonly initialFalseAlarm: number;
}

export interface MarkedFunction {
  readonly code: string;
  /** 1-based. */
  readonly changed: readonly number[];
}

/**
 * Lines are ranked by score, highest first, ties in the order of the text; blank lines are no candidates.
 * @param scores [functions][lines]
 */
export function lineMeasures(
  functions: readonly MarkedFunction[],
  scores: readonly ArrayLike<number>[],
): LineMeasures {
  const ranks: number[] = [];
  functions.forEach(({ code, changed }, i) => {
    const wanted = new Set(changed.map((line) => line - 1));
    const rank = ranking(code, scores[i]!).findIndex((line) => wanted.has(line));
    if (rank >= 0) ranks.push(rank);
  });
  const shareWithin = (k: number) => ranks.filter((rank) => rank < k).length / ranks.length;
  return {
    functions: ranks.length,
    top1: shareWithin(1),
    top5: shareWithin(5),
    top10: shareWithin(10),
    initialFalseAlarm: ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length,
  };
}

/** [functions][lines] in an order drawn with the seed. */
export function randomLineScores(functions: readonly MarkedFunction[], seed: number): Float64Array[] {
  return functions.map(({ code }, i) => {
    const order = randomStream(seed, 'lines', i).shuffle([...linesOf(code).keys()]);
    return Float64Array.from(order);
  });
}

/** [functions][lines] the longer the better. */
export function longestLineScores(functions: readonly MarkedFunction[]): Float64Array[] {
  return functions.map(({ code }) => Float64Array.from(linesOf(code), (line) => line.trim().length));
}

function ranking(code: string, scores: ArrayLike<number>): number[] {
  const lines = linesOf(code);
  return [...lines.keys()]
    .filter((line) => lines[line]!.trim() !== '')
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
}
