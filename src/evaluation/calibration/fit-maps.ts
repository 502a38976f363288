/** @file Fits each calibration on labelled scores, by least log loss (isotonic: least squares). Chooses none. */
import { type CalibrationMap, logit, sigmoid } from './calibration.ts';

type Fit<Method extends CalibrationMap['method']> = (
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
) => Extract<CalibrationMap, { method: Method }>;

/** Beyond them the data say "constant" or "certain", and a sample of a few hundred functions does not show either. */
const SHARPEST = 20;
const BLUNTEST = 1 / SHARPEST;

/**
 * [N] Platt's smoothed targets, (N+ + 1) / (N+ + 2) and 1 / (N- + 2): what a finite sample shows, so that classes which are
 * separable by the score have a best map at all, and one class alone does too.
 */
function smoothedTargets(labels: ArrayLike<number>): Float64Array {
  let positives = 0;
  for (let i = 0; i < labels.length; i++) positives += labels[i]!;
  const negatives = labels.length - positives;
  return Float64Array.from(labels, (label) =>
    label === 1 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2),
  );
}

/**
 * Separable functions want the sharpest temperature, functions without any order the bluntest: held at the bounds.
 * The derivative of the log loss in 1/T, sum of (sigmoid(z/T) - y) z, only grows: bisection finds its zero.
 */
export const fitTemperature: Fit<'temperature'> = (labels, scores) => {
  const logits = Float64Array.from(scores, logit);
  const slopeAt = (inverse: number) => {
    let sum = 0;
    for (let i = 0; i < logits.length; i++) sum += (sigmoid(inverse * logits[i]!) - labels[i]!) * logits[i]!;
    return sum;
  };
  let [low, high] = [BLUNTEST, SHARPEST];
  for (let step = 0; step < 100; step++) {
    const middle = Math.sqrt(low * high);
    if (slopeAt(middle) < 0) low = middle;
    else high = middle;
  }
  return { method: 'temperature', temperature: 1 / Math.sqrt(low * high) };
};

/** Less would be a ranking turned around, or none. */
const LEAST_SLOPE = 1e-3;
/** Scores that lie closer together than this tells apart say "certain" of what differs by rounding. */
const MOST_SLOPE = 100;

/**
 * As scikit-learn's CalibratedClassifierCV(method='sigmoid') on the logit. A slope below 0.001 or above 100 is held there, and
 * the intercept is the best one beside it.
 */
export const fitPlatt: Fit<'platt'> = (labels, scores) => {
  const logits = Float64Array.from(scores, logit);
  const targets = smoothedTargets(labels);
  const free = newton(logits, targets, undefined);
  const held = Math.min(Math.max(free[0], LEAST_SLOPE), MOST_SLOPE);
  const [slope, intercept] = held === free[0] ? free : newton(logits, targets, held);
  return { method: 'platt', slope, intercept };
};

/** The share of the decrease promised by the gradient that a step must bring (Armijo). */
const SUFFICIENT = 1e-4;

/**
 * [slope, intercept] of least cross entropy: damped Newton from the base rate, as Lin, Lin and Weng 2007, "A note on Platt's
 * probabilistic outputs for support vector machines", algorithm 1. The objective is convex; a step is halved until it lowers it
 * enough. Inputs are standardised, so that the curvature is of one size whatever the scores' spread is.
 */
function newton(
  logits: Float64Array,
  targets: Float64Array,
  fixedSlope: number | undefined,
): [number, number] {
  const { xs, centre, spread } = standardised(logits);
  const objective = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < xs.length; i++) {
      const z = a * xs[i]! + b;
      sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[i]! * z;
    }
    return sum;
  };
  const share = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  let [a, b] = [(fixedSlope ?? 0) * spread, Math.log(share / (1 - share))];
  let value = objective(a, b);
  for (let iteration = 0; iteration < 200; iteration++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12];
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i]!;
      const p = sigmoid(a * x + b);
      const [residual, curvature] = [p - targets[i]!, p * (1 - p)];
      ga += residual * x;
      gb += residual;
      haa += curvature * x * x;
      hab += curvature * x;
      hbb += curvature;
    }
    if (fixedSlope !== undefined) [ga, haa, hab] = [0, 1, 0];
    if (Math.hypot(ga, gb) < 1e-10 * xs.length) break;
    const determinant = haa * hbb - hab * hab;
    const da = -(hbb * ga - hab * gb) / determinant;
    const db = -(haa * gb - hab * ga) / determinant;
    const promised = ga * da + gb * db;
    let step = 1;
    let next = objective(a + da, b + db);
    while (next > value + SUFFICIENT * step * promised && step > 1e-10) {
      step /= 2;
      next = objective(a + step * da, b + step * db);
    }
    if (!(next < value)) break;
    [a, b, value] = [a + step * da, b + step * db, next];
  }
  const slope = fixedSlope ?? a / spread;
  return [slope, b - slope * centre];
}

/** Zero mean, and a mean square of 1 where they differ at all. */
function standardised(logits: Float64Array) {
  const centre = logits.reduce((sum, x) => sum + x, 0) / logits.length;
  const square = logits.reduce((sum, x) => sum + (x - centre) ** 2, 0) / logits.length;
  const spread = square > 0 ? Math.sqrt(square) : 1;
  return { xs: logits.map((x) => (x - centre) / spread), centre, spread };
}

/**
 * Pool adjacent violators, then linear between the blocks' ends: scikit-learn's IsotonicRegression with
 * y_min = 1 / (n + 2), y_max = 1 - y_min, since no finite sample shows that a probability is 0 or 1.
 */
export const fitIsotonic: Fit<'isotonic'> = (labels, scores) => {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[a]! - scores[b]!,
  );
  const blocks: { from: number; to: number; sum: number; count: number }[] = [];
  for (const i of order) {
    const previous = blocks.at(-1);
    if (previous !== undefined && previous.to === scores[i]) {
      // Equal scores are one block from the start, and keep their mean.
      previous.sum += labels[i]!;
      previous.count++;
    } else {
      blocks.push({ from: scores[i]!, to: scores[i]!, sum: labels[i]!, count: 1 });
    }
  }
  const pooled: typeof blocks = [];
  for (const block of blocks) {
    pooled.push({ ...block });
    while (pooled.length > 1) {
      const [before, last] = [pooled.at(-2)!, pooled.at(-1)!];
      if (before.sum * last.count < last.sum * before.count) break;
      pooled.pop();
      Object.assign(before, { to: last.to, sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  const least = 1 / (scores.length + 2);
  const points = pooled.flatMap(({ from, to, sum, count }) => {
    const p = Math.min(Math.max(sum / count, least), 1 - least);
    return from === to ? [[from, p] as const] : [[from, p] as const, [to, p] as const];
  });
  return { method: 'isotonic', scores: points.map(([x]) => x), probabilities: points.map(([, y]) => y) };
};
