/**
 * @file Two models, or two groups of them, on the same functions: the difference of every figure, and a plain word on whether it is
 * noise. A group is one setting under several seeds: its figure is the mean over its models.
 */
import { randomStream } from '../base/random.ts';
import { type EvaluationResult, evaluateScores, type ScoredRecords } from './evaluate.ts';
import { type FigureName, figureHeading, figureNames, figureValue } from './figures.ts';
import type { Clusters } from './resampling/clusters.ts';
import { type DelongTest, delongTest } from './resampling/delong.ts';
import {
  bootstrapReplicates,
  type Interval,
  pairedDifference,
  type Replicates,
} from './resampling/intervals.ts';
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
  /** First against second; `undefined` with fewer than two functions of a class, and for groups. */
  readonly delong: DelongTest | undefined;
  /** Decided on ROC AUC, which needs no threshold and was named before the data were seen. */
  readonly verdict: string;
}

/**
 * The bootstrap draws functions, the same for all models, and in a group of several also its models, so that an interval holds
 * both kinds of chance; with a handful of models it is somewhat too narrow.
 */
export async function compareModels(
  records: ScoredRecords['records'],
  first: ComparedModel | readonly ComparedModel[],
  second: ComparedModel | readonly ComparedModel[],
  options: Omit<ResampleOptions, 'draw'>,
): Promise<ModelComparison> {
  const resamples = options.resamples ?? DEFAULT_RESAMPLES;
  const groups = [first, second].map((group) => [group].flat() as readonly ComparedModel[]);
  const [models, others] = groups as [readonly ComparedModel[], readonly ComparedModel[]];
  const subjects = groups.flat().map((model) => ({ records, ...model }));
  const results = subjects.map(evaluateScores);
  const [a, b] = [results.slice(0, models.length), results.slice(models.length)];
  const { n, positives } = results[0]!;
  const tooFew = tooFewToTell(positives, n);
  const replicates = await bootstrapReplicates(subjects, { ...options, resamples });
  const seed = options.seed ?? 0;
  const ofFirst = groupReplicates(replicates.slice(0, models.length), resamples, seed, 'first');
  const ofSecond = groupReplicates(replicates.slice(models.length), resamples, seed, 'second');
  const differences = figureNames.flatMap((figure): ModelDifference[] => {
    const [mine, theirs] = [a, b].map((group) => meanFigure(group, figure));
    const difference = pairedDifference(ofSecond(figure), ofFirst(figure));
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
    functions: n,
    vulnerable: positives,
    clusters: options.clusters,
    differences,
    delong: subjects.length === 2 ? delongTest(labels, models[0]!.scores, others[0]!.scores) : undefined,
    verdict: isSameRanking
      ? 'The two models rank these functions the same way.'
      : tooFew === undefined
        ? verdictOf(differences)
        : `Not decided: ${tooFew}.`,
  };
}

/** Undefined where one of them has no value. */
function meanFigure(results: readonly EvaluationResult[], figure: FigureName): number | undefined {
  const values = results.map((result) => figureValue(result, figure));
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value / values.length),
    0,
  );
}

/** A group counts in each resample as the mean over as many of its models, drawn with replacement. A single model is itself. */
function groupReplicates(
  members: readonly Replicates[],
  resamples: number,
  seed: number,
  name: string,
): (figure: FigureName) => Float64Array {
  if (members.length === 1) return (figure) => members[0]!.get(figure)!;
  const stream = randomStream(seed, 'models of a group', name);
  const count = members.length;
  const drawn = Array.from({ length: resamples }, () =>
    Array.from({ length: count }, () => Math.floor(stream.uniform() * count)),
  );
  return (figure) =>
    Float64Array.from(drawn, (chosen, r) =>
      chosen.reduce((sum, member) => sum + members[member]!.get(figure)![r]! / count, 0),
    );
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
