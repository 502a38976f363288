/**
 * @file How often a head names the right CWE: accuracy of its first and of its first three guesses, macro F1, beside the most
 * frequent classes of training, with intervals of the clustered bootstrap. Only vulnerable functions with a CWE among the classes are judged.
 */
import { cweIds } from '../../dataset/cwe.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { type ClusterField, type Clusters, FEW_CLUSTERS } from '../resampling/clusters.ts';
import { type Interval, percentileInterval } from '../resampling/intervals.ts';
import { DEFAULT_RESAMPLES, drawClusters, type ResampleOptions } from '../resampling/resample.ts';
import type { CweClass } from './choose-classes.ts';
import type { CweProbability } from './cwe-probability.ts';

export interface CweCases {
  /** Most frequent of training first. */
  readonly classes: readonly Pick<CweClass, 'id'>[];
  readonly records: readonly Pick<LabelledRecord, 'target' | 'cwe'>[];
  /** [records] most probable first; undefined where it was not asked. Needed of the rows of {@link judgedRows}. */
  readonly guesses: readonly (readonly CweProbability[] | undefined)[];
}

export interface CweFigures {
  /** Share of functions whose CWE is the first guess, one of the first three. */
  readonly top1: number;
  readonly top3: number;
  /** Mean F1 over the classes that functions have. */
  readonly macroF1: number;
}

export interface CweClassFigures {
  readonly id: string;
  readonly functions: number;
  readonly top1: number;
  readonly top3: number;
  readonly precision: number | undefined;
  readonly f1: number;
}

export interface CweEvaluation extends CweFigures {
  /** Vulnerable, with a CWE among the classes: the figures are of these. */
  readonly functions: number;
  /** Vulnerable, with other CWEs alone: none of the guesses could be right. */
  readonly outside: number;
  /** Vulnerable, without a CWE. */
  readonly unnamed: number;
  /** 95 %; `aboveMajority` of top1 minus the majority's. */
  readonly intervals: Readonly<Partial<Record<keyof CweFigures | 'aboveMajority', Interval>>>;
  /** Always the most frequent class of training, and the three most frequent. */
  readonly majority: CweFigures & { readonly id: string };
  /** In the order of the classes; those without a function are left out. */
  readonly byClass: readonly CweClassFigures[];
  readonly bootstrap: {
    readonly resamples: number;
    readonly clusterBy: ClusterField;
    readonly clusters: number;
    readonly fewClusters: boolean;
  };
}

/** Rows of vulnerable functions with a CWE among the classes. */
export function judgedRows({ classes, records }: Omit<CweCases, 'guesses'>): number[] {
  const known = new Set(classes.map(({ id }) => id));
  return records.flatMap(({ target, cwe }, row) =>
    target === 1 && cweIds(cwe).some((id) => known.has(id)) ? [row] : [],
  );
}

/**
 * Undefined where no function has a CWE among the classes. A function with several CWEs is named rightly by any of them; for F1 it
 * is then of the one that was named, otherwise of its first.
 * @param clusters of the records
 */
export async function evaluateCwe(
  cases: CweCases,
  options: Omit<ResampleOptions, 'draw'>,
): Promise<CweEvaluation | undefined> {
  const rows = judgedRows(cases);
  if (rows.length === 0) return undefined;
  const { classes, records, guesses } = cases;
  const ids = classes.map(({ id }) => id);
  const truths = rows.map((row) => cweIds(records[row]!.cwe).flatMap((id) => placeOf(ids, id)));
  const own = judge(truths, (i) => (guesses[rows[i]!] ?? []).flatMap(({ id }) => placeOf(ids, id)));
  const common = [...ids.keys()].slice(0, 3);
  const majority = judge(truths, () => common);
  const ones = new Float64Array(rows.length).fill(1);
  const vulnerable = records.filter(({ target }) => target === 1);
  const { resamples = DEFAULT_RESAMPLES, clusters } = options;
  const replicates = { top1: [], top3: [], macroF1: [], aboveMajority: [] } as Record<
    keyof CweEvaluation['intervals'],
    number[]
  >;
  const ofRows = clustersOf(clusters, rows);
  const weights = new Float64Array(rows.length);
  await drawClusters({ ...options, clusters: ofRows }, (_, drawn) => {
    for (let i = 0; i < weights.length; i++) weights[i] = drawn[ofRows.of[i]!]!;
    const figures = figuresOf(own, weights, ids.length);
    for (const name of ['top1', 'top3', 'macroF1'] as const) replicates[name].push(figures[name]);
    replicates.aboveMajority.push(figures.top1 - figuresOf(majority, weights, ids.length).top1);
  });
  const intervals = Object.fromEntries(
    Object.entries(replicates).flatMap(([name, values]) => {
      const interval = percentileInterval(Float64Array.from(values));
      return interval === undefined ? [] : [[name, interval] as const];
    }),
  );
  const unnamed = vulnerable.filter(({ cwe }) => cweIds(cwe).length === 0).length;
  return {
    ...figuresOf(own, ones, ids.length),
    functions: rows.length,
    outside: vulnerable.length - unnamed - rows.length,
    unnamed,
    intervals,
    majority: { id: ids[0]!, ...figuresOf(majority, ones, ids.length) },
    byClass: byClass(own, ids),
    bootstrap: {
      resamples,
      clusterBy: clusters.by,
      clusters: ofRows.count,
      fewClusters: ofRows.count < FEW_CLUSTERS,
    },
  };
}

/** Whether its first guess is right more often than the most frequent class is, by more than chance explains. */
export const beatsMajority = (evaluation: Pick<CweEvaluation, 'intervals'> | undefined): boolean =>
  (evaluation?.intervals.aboveMajority?.low ?? 0) > 0;

const placeOf = (ids: readonly string[], id: string): number[] => {
  const place = ids.indexOf(id);
  return place < 0 ? [] : [place];
};

/** One judged function: classes by their places. */
interface Judged {
  readonly truth: number;
  readonly guess: number | undefined;
  readonly inFirstThree: boolean;
}

function judge(
  truths: readonly (readonly number[])[],
  guessesOf: (i: number) => readonly number[],
): readonly Judged[] {
  return truths.map((truth, i) => {
    const guesses = guessesOf(i).slice(0, 3);
    const [guess] = guesses;
    return {
      truth: guess !== undefined && truth.includes(guess) ? guess : truth[0]!,
      guess,
      inFirstThree: guesses.some((one) => truth.includes(one)),
    };
  });
}

/** NaN where no function counts. */
function figuresOf(judged: readonly Judged[], weights: Float64Array, classes: number): CweFigures {
  let [all, first, three] = [0, 0, 0];
  const right = new Float64Array(classes);
  const had = new Float64Array(classes);
  const named = new Float64Array(classes);
  for (const [i, { truth, guess, inFirstThree }] of judged.entries()) {
    const weight = weights[i]!;
    all += weight;
    had[truth]! += weight;
    if (guess !== undefined) named[guess]! += weight;
    if (guess === truth) {
      first += weight;
      right[truth]! += weight;
    }
    if (inFirstThree) three += weight;
  }
  const f1 = [...had.keys()].filter((c) => had[c]! > 0).map((c) => (2 * right[c]!) / (had[c]! + named[c]!));
  return {
    top1: first / all,
    top3: three / all,
    macroF1: f1.reduce((sum, value) => sum + value, 0) / f1.length,
  };
}

function byClass(judged: readonly Judged[], ids: readonly string[]): CweClassFigures[] {
  return ids.flatMap((id, place) => {
    const own = judged.filter(({ truth }) => truth === place);
    if (own.length === 0) return [];
    const named = judged.filter(({ guess }) => guess === place).length;
    const right = own.filter(({ guess }) => guess === place).length;
    return [
      {
        id,
        functions: own.length,
        top1: right / own.length,
        top3: own.filter(({ inFirstThree }) => inFirstThree).length / own.length,
        precision: named === 0 ? undefined : right / named,
        f1: (2 * right) / (own.length + named),
      },
    ];
  });
}

/** The clusters that the rows are of, numbered from 0. */
function clustersOf({ by, of }: Clusters, rows: readonly number[]): Clusters {
  const numbers = new Map<number, number>();
  const own = Uint32Array.from(rows, (row) => {
    const cluster = of[row]!;
    const number = numbers.get(cluster) ?? numbers.size;
    numbers.set(cluster, number);
    return number;
  });
  return { by, count: numbers.size, of: own };
}
