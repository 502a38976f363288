/**
 * @file DeLong's test: variance of a ROC AUC and of the difference of two on the same functions, without resampling.
 * It takes functions as independent; where commits hold several, the clustered bootstrap is the one to believe.
 */
import { erf } from '../../base/erf.ts';
import { invariant } from '../../base/errors.ts';

export interface DelongEstimate {
  readonly auc: number;
  readonly variance: number;
}

export interface DelongTest {
  readonly first: DelongEstimate;
  readonly second: DelongEstimate;
  /** Between the two AUCs. */
  readonly covariance: number;
  /** (first - second) / its standard error; 0 when the two rank alike. */
  readonly z: number;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * Structural components by midranks, O(n log n): Sun and Xu 2014, "Fast implementation of DeLong's algorithm",
 * IEEE Signal Processing Letters 21(11), equations 5 and 6. `undefined` with fewer than two functions of a class.
 */
export function delongTest(
  labels: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): DelongTest | undefined {
  const one = components(labels, first);
  const two = components(labels, second);
  if (one === undefined || two === undefined) return undefined;
  const firstEstimate = { auc: one.auc, variance: covariance(one, one) };
  const secondEstimate = { auc: two.auc, variance: covariance(two, two) };
  const between = covariance(one, two);
  const variance = firstEstimate.variance + secondEstimate.variance - 2 * between;
  const difference = one.auc - two.auc;
  // Rounding leaves a trace of variance where the rankings are the same.
  const z =
    variance > 1e-15
      ? difference / Math.sqrt(variance)
      : difference === 0
        ? 0
        : Math.sign(difference) * Infinity;
  return {
    first: firstEstimate,
    second: secondEstimate,
    covariance: between,
    z,
    pValue: 1 - erf(Math.abs(z) / Math.SQRT2),
  };
}

export function delongVariance(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): DelongEstimate | undefined {
  const own = components(labels, scores);
  return own && { auc: own.auc, variance: covariance(own, own) };
}

interface Components {
  readonly auc: number;
  /** [positives] share of negatives below each positive, ties one half. */
  readonly ofPositives: Float64Array;
  /** [negatives] share of positives above each negative. */
  readonly ofNegatives: Float64Array;
}

function components(labels: ArrayLike<number>, scores: ArrayLike<number>): Components | undefined {
  invariant(labels.length === scores.length, `${labels.length} labels for ${scores.length} scores`);
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let i = 0; i < labels.length; i++) (labels[i] === 1 ? positives : negatives).push(scores[i]!);
  const [m, n] = [positives.length, negatives.length];
  if (m < 2 || n < 2) return undefined;
  const among = midranks([...positives, ...negatives]);
  const own = midranks(positives);
  const others = midranks(negatives);
  const ofPositives = Float64Array.from(positives, (_, i) => (among[i]! - own[i]!) / n);
  const ofNegatives = Float64Array.from(negatives, (_, j) => 1 - (among[m + j]! - others[j]!) / m);
  return { auc: mean(ofPositives), ofPositives, ofNegatives };
}

/** Ranks from 1; equal values share the mean of their ranks. */
function midranks(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let k = start; k < end; k++) ranks[order[k]!] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

const covariance = (a: Components, b: Components) =>
  sampleCovariance(a.ofPositives, b.ofPositives) / a.ofPositives.length +
  sampleCovariance(a.ofNegatives, b.ofNegatives) / a.ofNegatives.length;

function sampleCovariance(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - meanA) * (b[i]! - meanB);
  return sum / (a.length - 1);
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
