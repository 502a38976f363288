/**
 * @file A blend: logistic regression over the model's own log-odds, those of TF-IDF, and the log of the length. What small words
 * and length tell of a function is cheap, and a fine-tuned model that knows something else as well is better with them than
 * without. Its scores; fitting it is done elsewhere.
 */

import type { AlarmBudget } from '../alarm-budget.ts';
import { type TfidfClassifier, tfidfLogits } from '../baselines/tfidf-classifier.ts';
import { logit, sigmoid } from '../calibration/calibration.ts';
import type { MeasuredRanking } from '../measured-ranking.ts';

export const BLEND_FEATURES = ['model', 'tfidf', 'length'] as const;

/** [features] in the order of {@link BLEND_FEATURES}. */
export interface BlendWeights {
  readonly means: readonly number[];
  /** 1 / standard deviation; 0 for a feature that is the same for all functions. */
  readonly scales: readonly number[];
  /** For standardised features. */
  readonly weights: readonly number[];
  readonly intercept: number;
}

/** How well model and blend rank validation. */
export interface BlendRanking {
  readonly model: number;
  /** Cross-fitted: each function by a blend that was fitted without it. */
  readonly blend: number;
}

export interface Blend extends BlendWeights {
  /** Whether it ranks validation better than the model alone: then its scores are the detector's. */
  readonly used: boolean;
  readonly rocAuc: BlendRanking;
  /** Validation functions that it was fitted on, and the share of vulnerable ones: the base rate its scores are true at. */
  readonly functions: number;
  readonly prevalence: number;
  /** On the blend's scale, with the best F1 on cross-fitted scores of validation. */
  readonly threshold: number;
  readonly alarmBudget: AlarmBudget | undefined;
  readonly measured: MeasuredRanking | undefined;
  readonly tfidf: TfidfClassifier;
}

export interface BlendInputs {
  /** [N] */
  readonly codes: readonly string[];
  /** [N] probability of vulnerable, the network's own, before calibration. */
  readonly rawScores: ArrayLike<number>;
}

/**
 * [N][features] The log-odds are of the probability rather than the difference of the logits: it is what scores that are kept in
 * files can be turned back into, and so a function has one blended score wherever it is computed.
 */
export function blendFeatures({ codes, rawScores }: BlendInputs, tfidf: TfidfClassifier): number[][] {
  const words = tfidfLogits(tfidf, codes);
  return codes.map((code, i) => [logit(rawScores[i]!), words[i]!, Math.log1p(code.length)]);
}

/** Probability of vulnerable. */
export function blendProbability(
  { means, scales, weights, intercept }: BlendWeights,
  features: readonly number[],
): number {
  const sum = features.reduce(
    (total, value, i) => total + weights[i]! * (value - means[i]!) * scales[i]!,
    intercept,
  );
  return sigmoid(sum);
}

/** [N] */
export function blendScores(blend: BlendWeights & Pick<Blend, 'tfidf'>, inputs: BlendInputs): Float64Array {
  const features = blendFeatures(inputs, blend.tfidf);
  return Float64Array.from(features, (row) => blendProbability(blend, row));
}
