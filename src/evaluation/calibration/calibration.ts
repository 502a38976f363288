/**
 * @file A calibration: a strictly increasing change of a score into a probability that is true of the validation
 * functions. Strictly, so that order, and every metric of the order, stays as it was. Plain data, written beside the
 * adapter. Fitting it is done elsewhere.
 */

export const CALIBRATION_METHODS = ['none', 'temperature', 'platt', 'isotonic'] as const;
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

export type CalibrationMap =
  | { readonly method: 'none' }
  /** sigmoid(logit / temperature): Guo et al. 2017, "On calibration of modern neural networks", section 4.2. */
  | { readonly method: 'temperature'; readonly temperature: number }
  /** sigmoid(slope * logit + intercept): Platt 1999. */
  | { readonly method: 'platt'; readonly slope: number; readonly intercept: number }
  /** Linear between [K] scores and their probabilities, both ascending: Zadrozny and Elkan 2002. */
  | {
      readonly method: 'isotonic';
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

export type Calibration = CalibrationMap & {
  /** Functions it was fitted on, and the share of vulnerable ones: the base rate its probabilities are true at. */
  readonly functions: number;
  readonly prevalence: number;
};

/** The share of the raw score mixed into an isotonic map, whose flat pieces would otherwise tie functions that are ordered. */
const RAW_SHARE = 1e-6;
/** Where double precision ends below 1; at 0 the same, so that both ends are treated alike. */
const CLIP = 2 ** -53;

/** Probability of vulnerable from the network's own. */
export function calibrate(map: CalibrationMap, score: number): number {
  switch (map.method) {
    case 'none':
      return score;
    case 'temperature':
      return orderedSigmoid(logit(score) / map.temperature);
    case 'platt':
      return orderedSigmoid(map.slope * logit(score) + map.intercept);
    case 'isotonic':
      return (1 - RAW_SHARE) * interpolate(map.scores, map.probabilities, score) + RAW_SHARE * score;
  }
}

export function calibrateAll(map: CalibrationMap | undefined, scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, (score) => (map === undefined ? score : calibrate(map, score)));
}

/** In words, with its numbers: "platt (slope 1.2, intercept -0.3)". */
export function describeCalibration(map: CalibrationMap): string | undefined {
  const short = (value: number) => `${Number(value.toPrecision(4))}`;
  switch (map.method) {
    case 'none':
      return undefined;
    case 'temperature':
      return `temperature (${short(map.temperature)})`;
    case 'platt':
      return `platt (slope ${short(map.slope)}, intercept ${short(map.intercept)})`;
    case 'isotonic':
      return `isotonic (${map.scores.length} points)`;
  }
}

/** Clipped, so that a score that rounds to 0 or 1 stays finite. */
export function logit(score: number): number {
  const p = Math.min(Math.max(score, CLIP), 1 - CLIP);
  return Math.log(p / (1 - p));
}

export const sigmoid = (z: number) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/** Where the sigmoid comes so close to 0 and 1 that doubles soon cannot tell its values apart. */
const TAIL = 30;

/** The sigmoid, and in its tails a slower approach to 0 and 1: a sharp map must not tie what it does not tell apart. */
function orderedSigmoid(z: number): number {
  if (z < -TAIL) return (sigmoid(-TAIL) * TAIL) / -z;
  return z > TAIL ? 1 - (sigmoid(-TAIL) * TAIL) / z : sigmoid(z);
}

function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  if (x <= xs[low]!) return ys[low]!;
  if (x >= xs[high]!) return ys[high]!;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  return ys[low]! + ((x - xs[low]!) / (xs[high]! - xs[low]!)) * (ys[high]! - ys[low]!);
}
