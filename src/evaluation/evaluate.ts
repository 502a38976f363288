/**
 * @file Scores → result: every metric at a given threshold, the confusion counts, the pairs. Depends on no model and no
 * baseline, prints nothing.
 */
import { type Confusion, confusionAt } from './metrics/confusion.ts';
import { rankScores } from './metrics/ranked-scores.ts';
import {
  computeMetrics,
  type MetricCautions,
  type MetricValues,
  type UndefinedMetrics,
} from './metrics/registry.ts';
import { judgePairs, type PairwiseResult } from './pairs.ts';
import { chooseThreshold, DEFAULT_THRESHOLD } from './threshold.ts';
import { type UnrelatedRanking, unrelatedRanking, unrelatedSets } from './unrelated.ts';

/** What evaluation reads of a dataset record; more fields do not matter. */
export interface EvaluationRecord {
  readonly code: string;
  /** 1 vulnerable, 0 not. */
  readonly target: number;
  /** The same for a vulnerable function and its fix. */
  readonly pair?: string | undefined;
  /** P1 vulnerable, P2 its fix, P3 unrelated. */
  readonly set?: string | undefined;
}

/** Plain data, as metrics.json holds it (an undefined metric is left out there; `undefinedMetrics` says why). */
export interface EvaluationResult {
  /** Functions. */
  readonly n: number;
  /** How many of them are labelled vulnerable. */
  readonly positives: number;
  readonly threshold: number;
  readonly metrics: MetricValues;
  readonly undefinedMetrics: UndefinedMetrics;
  /** Metrics that have a value and say little, with the reason: too few functions for a false positive rate. */
  readonly cautions: MetricCautions;
  readonly confusion: Confusion;
  /** `undefined` when no record names its pair. */
  readonly pairs: PairwiseResult | undefined;
  /** `undefined` when the records name no P1 or no P3. */
  readonly unrelated: UnrelatedRanking | undefined;
}

export interface ScoredRecords {
  readonly records: readonly Pick<EvaluationRecord, 'target' | 'pair' | 'set'>[];
  /** [N] probability of vulnerable, one per record, in the same order. */
  readonly scores: ArrayLike<number>;
  /** A function is called vulnerable when its score >= threshold. */
  readonly threshold: number;
}

/** @throws VultuneError EVALUATION_SCORE_NOT_FINITE, EVALUATION_LABEL_INVALID */
export function evaluateScores({ records, scores, threshold }: ScoredRecords): EvaluationResult {
  const ranked = rankScores(
    records.map((record) => record.target),
    scores,
  );
  const unrelated = unrelatedSets(records, ranked);
  const { values, undefinedBecause, cautions } = computeMetrics(ranked, threshold);
  return {
    n: records.length,
    positives: ranked.positives,
    threshold,
    metrics: values,
    undefinedMetrics: undefinedBecause,
    cautions,
    confusion: confusionAt(ranked, threshold),
    pairs: judgePairs(records, scores, threshold),
    unrelated: unrelated && unrelatedRanking(unrelated, ranked),
  };
}

/** The threshold with the best F1 on these records (validation, never test), or 0.5 when none can be chosen. */
export function thresholdFor({ records, scores }: Omit<ScoredRecords, 'threshold'>): number {
  const targets = records.map((record) => record.target);
  return chooseThreshold(rankScores(targets, scores))?.threshold ?? DEFAULT_THRESHOLD;
}
