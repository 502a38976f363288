/** @file Two models on the same functions: the difference of every figure, and a plain word on whether it is noise. */
import { evaluateScores, type ScoredRecords } from './evaluate.ts';
import { type FigureName, figureHeading, figureNames, figureValue } from './figures.ts';
import type { Clusters } from './resampling/clusters.ts';
import { type DelongTest, delongTest } from './resampling/delong.ts';
import { bootstrapReplicates, type Interval, pairedDifference } from './resampling/intervals.ts';
import { DEFAULT_RESAMPLES, type ResampleOptions } from './resampling/resample.ts';
import { tooFewToTell } from './shortfalls.ts';

export interface ComparedModel {
  /** [N] */
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
}

export interface ModelDifference {
  readonly figure: FigureName;
  readonly first: number;
  readonly second: number;
  /** The 95% interval of second minus first. */
  readonly interval: Interval;
  readonly pValue: number;
  /** Which is better; `undefined` when the interval holds zero, or the functions are too few to tell. */
  readonly decided: 'first' | 'second' | undefined;
}

export interface ModelComparison {
  readonly functions: number;
  readonly vulnerable: number;
  readonly clusters: Clusters;
  /** Figures that both models have. */
  readonly differences: readonly ModelDifference[];
  /** First against second; `undefined` with fewer than two functions of a class. */
  readonly delong: DelongTest | undefined;
  /** Decided on ROC AUC, which needs no threshold and was named before the data were seen. */
  readonly verdict: string;
}

export async function compareModels(
  records: ScoredRecords['records'],
  first: ComparedModel,
  second: ComparedModel,
  options: Omit<ResampleOptions, 'draw'>,
): Promise<ModelComparison> {
  const resamples = options.resamples ?? DEFAULT_RESAMPLES;
  const subjects = [first, second].map((model) => ({ records, ...model }));
  const [a, b] = subjects.map(evaluateScores);
  const tooFew = tooFewToTell(a!.positives, a!.n);
  const [ofFirst, ofSecond] = await bootstrapReplicates(subjects, { ...options, resamples });
  const differences = figureNames.flatMap((figure): ModelDifference[] => {
    const [mine, theirs] = [figureValue(a!, figure), figureValue(b!, figure)];
    const difference = pairedDifference(ofSecond!.get(figure)!, ofFirst!.get(figure)!);
    if (mine === undefined || theirs === undefined || difference === undefined) return [];
    return [
      {
        figure,
        first: mine,
        second: theirs,
        ...difference,
        decided: tooFew === undefined ? decide(figure, difference.interval) : undefined,
      },
    ];
  });
  const same = differences.filter(
    ({ first: x, second: y, interval }) => x === y && interval.low === interval.high,
  );
  const isSameRanking = same.some(({ figure }) => figure === 'rocAuc');
  const labels = records.map(({ target }) => target);
  return {
    functions: a!.n,
    vulnerable: a!.positives,
    clusters: options.clusters,
    differences,
    delong: delongTest(labels, first.scores, second.scores),
    verdict: isSameRanking
      ? 'The two models rank these functions the same way.'
      : tooFew === undefined
        ? verdictOf(differences)
        : `Not decided: ${tooFew}.`,
  };
}

function decide(figure: FigureName, { low, high }: Interval): 'first' | 'second' | undefined {
  if (low <= 0 && high >= 0) return undefined;
  return low > 0 === (figureHeading(figure).better === 'higher') ? 'second' : 'first';
}

function verdictOf(differences: readonly ModelDifference[]): string {
  const auc = differences.find(({ figure }) => figure === 'rocAuc');
  if (auc === undefined) return 'Not decided: the ROC AUC is not defined on these functions.';
  const { interval, decided } = auc;
  const range = `95%: ${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
  if (decided !== undefined) {
    return `The ${decided} model ranks better: the ROC AUCs differ by ${Math.abs(auc.second - auc.first).toFixed(3)} (second minus first, ${range}).`;
  }
  const others = differences.filter((one) => one.decided !== undefined && one.figure !== 'rocAuc').length;
  const beware =
    others === 0
      ? ''
      : ` ${others} of the ${differences.length} figures differ by more than noise; by chance about one in twenty does.`;
  return `No difference is shown: the ROC AUCs differ within noise (${range}).${beware}`;
}
