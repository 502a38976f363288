/**
 * @file The table no score goes without: the model beside its baselines, fitted on the same training functions and
 * tested on the same others, and plain sentences where the model does not beat one.
 */
import type { Baseline, FittedBaseline, LabelledFunction } from './baselines/baseline.ts';
import { baselineRegistry } from './baselines/registry.ts';
import { type EvaluationRecord, type EvaluationResult, evaluateScores, thresholdFor } from './evaluate.ts';
import { type Metric, type MetricName, metricNames, metricRegistry } from './metrics/registry.ts';

export interface EvaluationRow {
  /** Stable key: `model` or a baseline's name. */
  readonly name: string;
  readonly label: string;
  /** Where the row's threshold comes from. */
  readonly thresholdFrom: 'given' | 'fixed' | 'validation' | 'training';
  readonly result: EvaluationResult;
  readonly note?: string;
}

/** One metric on which the model is no better than a baseline. */
export interface Shortfall {
  readonly baseline: string;
  readonly metric: MetricName;
  /** "The model does not beat length only on ROC AUC: 0.58 < 0.61." */
  readonly sentence: string;
}

export interface Comparison {
  /** The model first, then the baselines in the registry's order. */
  readonly rows: readonly EvaluationRow[];
  readonly shortfalls: readonly Shortfall[];
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
  /** How the table and the sentences call the model. */
  readonly label?: string | undefined;
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
  const { test, scores, threshold, label = 'model' } = model;
  const modelRow: EvaluationRow = {
    name: 'model',
    label,
    thresholdFrom: 'given',
    result: evaluateScores({ records: test, scores, threshold }),
  };
  const baselineRows = baselines.map(({ baseline, fitted, ...chosen }): EvaluationRow => {
    const result = evaluateScores({
      records: test,
      scores: fitted.score(test),
      threshold: chosen.threshold,
    });
    return {
      name: baseline.name,
      label: baseline.label,
      thresholdFrom: chosen.thresholdFrom,
      result,
      ...(fitted.note === undefined ? {} : { note: fitted.note }),
    };
  });
  return {
    rows: [modelRow, ...baselineRows],
    shortfalls: baselineRows.flatMap((row) => shortfallsAgainst(modelRow, row)),
  };
}

function shortfallsAgainst(model: EvaluationRow, baseline: EvaluationRow): Shortfall[] {
  return metricNames.flatMap((name): Shortfall[] => {
    const metric: Metric = metricRegistry[name];
    const [mine, theirs] = [model.result.metrics[name], baseline.result.metrics[name]];
    if (metric.role !== 'compared' || mine === undefined || theirs === undefined) return [];
    const sign = metric.better === 'higher' ? 1 : -1;
    if (sign * mine > sign * theirs) return [];
    const figures = comparison(mine, theirs);
    const sentence = `The ${model.label} does not beat ${baseline.label} on ${metric.label}: ${figures}.`;
    return [{ baseline: baseline.name, metric: name, sentence }];
  });
}

/** Two digits, or as many as it takes to show that the two differ (four at most). */
function comparison(a: number, b: number): string {
  const digits = [2, 3, 4].find((count) => a.toFixed(count) !== b.toFixed(count)) ?? (a === b ? 2 : 4);
  const relation = a === b ? '=' : a < b ? '<' : '>';
  return `${a.toFixed(digits)} ${relation} ${b.toFixed(digits)}`;
}
