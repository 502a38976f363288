/**
 * @file The table no score goes without: the model beside its baselines, fitted on the same training functions and
 * tested on the same others, and plain sentences where the model does not beat one.
 */

import type { Baseline, FittedBaseline, LabelledFunction } from './baselines/baseline.ts';
import { baselineRegistry } from './baselines/registry.ts';
import { type EvaluationRecord, evaluateScores, thresholdFor } from './evaluate.ts';
import type { EvaluationRow } from './evaluation-row.ts';
import { figureValue } from './figures.ts';
import { bcaIntervals } from './resampling/bca.ts';
import { type ClusterField, type Clusters, FEW_CLUSTERS } from './resampling/clusters.ts';
import { bootstrapReplicates, jackknifeReplicates, type Replicates } from './resampling/intervals.ts';
import { DEFAULT_RESAMPLES, type ResampleOptions } from './resampling/resample.ts';
import { type Replicated, type Shortfall, shortfallsAgainst } from './shortfalls.ts';

export interface Comparison {
  /** The model first, then the baselines in the registry's order. */
  readonly rows: readonly EvaluationRow[];
  /** The model with TF-IDF and length, where there is such a blend: not a baseline, and nothing that the model has to beat. */
  readonly blend?: EvaluationRow;
  readonly shortfalls: readonly Shortfall[];
  /** The same of the blend, where there is one: what scans use may be it. */
  readonly blendShortfalls?: readonly Shortfall[];
  /** How the intervals came about; `undefined` when there are none. */
  readonly bootstrap?: BootstrapSummary;
}

/** All rows of a table: the model, its baselines, the blend. */
export const withBlend = ({ rows, blend }: Pick<Comparison, 'rows' | 'blend'>): readonly EvaluationRow[] =>
  blend === undefined ? rows : [...rows, blend];

export interface BootstrapSummary {
  readonly resamples: number;
  readonly clusterBy: ClusterField;
  readonly clusters: number;
  /** Fewer than about 30: the intervals are too narrow. */
  readonly fewClusters: boolean;
  /** The model's replicates, for figures derived from others. */
  readonly modelReplicates: Replicates;
}

/** A baseline fitted, with its threshold; good for any number of test sets. */
export interface ReadyBaseline {
  readonly baseline: Baseline;
  readonly fitted: FittedBaseline;
  readonly threshold: number;
  readonly thresholdFrom: EvaluationRow['thresholdFrom'];
}

export interface BaselineData {
  readonly train: readonly LabelledFunction[];
  /** Chooses hyperparameters and thresholds; without any, thresholds are chosen on `train`. */
  readonly validation?: readonly LabelledFunction[] | undefined;
  readonly baselines?: readonly Baseline[] | undefined;
}

export interface ModelScores {
  readonly test: readonly EvaluationRecord[];
  /** [N] the model's, one per test record. */
  readonly scores: ArrayLike<number>;
  /** The model's, chosen on validation. */
  readonly threshold: number;
  readonly thresholdFrom?: EvaluationRow['thresholdFrom'] | undefined;
  /** How the table and the sentences call the model. */
  readonly label?: string | undefined;
  readonly blend?: BlendedScores | undefined;
}

export interface BlendedScores {
  /** [N] one per test record. */
  readonly scores: ArrayLike<number>;
  /** On the blend's scale. */
  readonly threshold: number;
  readonly thresholdFrom?: EvaluationRow['thresholdFrom'] | undefined;
  readonly note: string;
  /** Whether scans and predictions use it. */
  readonly isUsed: boolean;
}

/** Fits the baselines and sets them beside the model. @throws VultuneError BASELINE_ONE_CLASS and those of `evaluateScores` */
export function evaluateWithBaselines(options: BaselineData & ModelScores): Comparison {
  return compareWithBaselines(options, fitBaselines(options));
}

/** @throws VultuneError BASELINE_ONE_CLASS when `train` has not both labels */
export function fitBaselines({
  train,
  validation = [],
  baselines = baselineRegistry,
}: BaselineData): ReadyBaseline[] {
  const onValidation = validation.some((entry) => entry.target === 1);
  const chooseOn = onValidation ? validation : train;
  return baselines.map((baseline) => {
    const fitted = baseline.fit(train, validation);
    if (fitted.threshold !== undefined) {
      return { baseline, fitted, threshold: fitted.threshold, thresholdFrom: 'fixed' };
    }
    const threshold = thresholdFor({ records: chooseOn, scores: fitted.score(chooseOn) });
    return { baseline, fitted, threshold, thresholdFrom: onValidation ? 'validation' : 'training' };
  });
}

/** @throws VultuneError EVALUATION_SCORE_NOT_FINITE, EVALUATION_LABEL_INVALID */
export function compareWithBaselines(model: ModelScores, baselines: readonly ReadyBaseline[]): Comparison {
  const { test, scores, threshold, thresholdFrom = 'given', label = 'model' } = model;
  const modelRow: EvaluationRow = {
    name: 'model',
    label,
    thresholdFrom,
    result: evaluateScores({ records: test, scores, threshold }),
    scores,
  };
  const baselineRows = baselines.map(({ baseline, fitted, ...chosen }): EvaluationRow => {
    const baselineScores = fitted.score(test);
    const result = evaluateScores({ records: test, scores: baselineScores, threshold: chosen.threshold });
    return {
      name: baseline.name,
      label: baseline.label,
      thresholdFrom: chosen.thresholdFrom,
      result,
      scores: baselineScores,
      ...(fitted.note === undefined ? {} : { note: fitted.note }),
    };
  });
  const blend = model.blend === undefined ? undefined : blendRow(test, thresholdFrom, model.blend);
  const bare = baselineRows.map((row) => ({ row }));
  return {
    rows: [modelRow, ...baselineRows],
    ...blendParts(blend && { row: blend }, bare),
    shortfalls: bare.flatMap((baseline) => shortfallsAgainst({ row: modelRow }, baseline)),
  };
}

function blendParts(
  blend: Replicated | undefined,
  baselines: readonly Replicated[],
): Pick<Comparison, 'blend' | 'blendShortfalls'> {
  if (blend === undefined) return {};
  const blendShortfalls = baselines.flatMap((baseline) => shortfallsAgainst(blend, baseline));
  return { blend: blend.row, blendShortfalls };
}

function blendRow(
  test: readonly EvaluationRecord[],
  modelFrom: EvaluationRow['thresholdFrom'],
  { scores, threshold, thresholdFrom = modelFrom, note, isUsed }: BlendedScores,
): EvaluationRow {
  const result = evaluateScores({ records: test, scores, threshold });
  return { name: 'blend', label: 'blend', thresholdFrom, result, scores, note, isUsed };
}

/**
 * The same comparison with an interval on every figure, and shortfalls by the paired bootstrap. The resamples are the same for
 * the model, the baselines and the blend.
 */
export async function withIntervals(
  comparison: Comparison,
  test: readonly EvaluationRecord[],
  options: Omit<ResampleOptions, 'draw'> & { readonly clusters: Clusters },
): Promise<Comparison> {
  const { clusters, resamples = DEFAULT_RESAMPLES } = options;
  const all = withBlend(comparison);
  const subjects = all.map(({ scores, result }) => ({
    records: test,
    scores,
    threshold: result.threshold,
  }));
  const replicates: readonly Replicates[] = await bootstrapReplicates(subjects, { ...options, resamples });
  const jackknife = jackknifeReplicates(subjects, { clusters });
  const measured = all.map((row, i) => ({
    ...row,
    intervals: bcaIntervals(replicates[i]!, jackknife[i]!, (figure) => figureValue(row.result, figure)),
  }));
  const rows = measured.slice(0, comparison.rows.length);
  const [model, ...others] = measured.map((row, i) => ({ row, replicates: replicates[i] }));
  const baselines = others.slice(0, rows.length - 1);
  return {
    rows,
    ...blendParts(others[rows.length - 1], baselines),
    shortfalls: baselines.flatMap((baseline) => shortfallsAgainst(model!, baseline)),
    bootstrap: {
      resamples,
      clusterBy: clusters.by,
      clusters: clusters.count,
      fewClusters: clusters.count < FEW_CLUSTERS,
      modelReplicates: replicates[0]!,
    },
  };
}
