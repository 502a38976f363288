/**
 * @file L2-regularised logistic regression on sparse features by truncated Newton (conjugate gradients for the
 * step, backtracking for its length). The objective is scikit-learn's: 1/2 |w|^2 + C sum_i log(1 + exp(-y_i z_i)),
 * z = X w + b, the intercept b not penalised. Strictly convex in w: one answer, whatever the start.
 */
import { addTransposedTimes, type SparseMatrix, timesVector } from './sparse-matrix.ts';

export interface LogisticRegressionProblem {
  /** [N, F] */
  readonly features: SparseMatrix;
  /** [N] 0 or 1, both present (else the intercept runs to infinity). */
  readonly labels: ArrayLike<number>;
  /** C: the larger, the weaker the regularisation. */
  readonly inverseRegularization: number;
  /** False: b stays 0. Default: true. */
  readonly hasIntercept?: boolean;
  /** Where to begin: the solution for another C saves steps. */
  readonly start?: LogisticRegressionModel;
}

export interface LogisticRegressionModel {
  /** [F] */
  readonly weights: Float64Array;
  readonly intercept: number;
}

export interface LogisticRegressionFit extends LogisticRegressionModel {
  /** Gradient's Euclidean norm at the solution over its norm at w = 0, b = 0. */
  readonly relativeGradientNorm: number;
  readonly converged: boolean;
  readonly iterations: number;
}

const TOLERANCE = 1e-8;
const MAX_NEWTON_STEPS = 100;
const MAX_CG_STEPS = 500;

export function fitLogisticRegression(problem: LogisticRegressionProblem): LogisticRegressionFit {
  const objective = logisticObjective(problem);
  const { columns } = problem.features;
  let theta: Float64Array = new Float64Array(columns + 1); // [F + 1] weights, then the intercept
  const scale = norm(objective.at(theta).gradient);
  if (problem.start !== undefined) {
    theta.set(problem.start.weights);
    theta[columns] = problem.start.intercept;
  }
  let point = objective.at(theta);
  let iterations = 0;
  // At a gradient of exactly 0 (no feature tells anything, classes balanced) there is nothing to do.
  while (norm(point.gradient) > TOLERANCE * scale && iterations < MAX_NEWTON_STEPS) {
    iterations++;
    const forcing = Math.min(0.1, Math.sqrt(norm(point.gradient) / scale));
    const direction = conjugateGradients(point, forcing);
    const slope = dot(point.gradient, direction);
    // Rounding of the sum leaves this much noise in the loss; without it the last steps would be refused.
    const noise = 1e-13 * Math.abs(point.loss);
    let accepted = false;
    for (let length = 1; length > 1e-10 && !accepted; length /= 2) {
      const next = theta.map((value, i) => value + length * direction[i]!);
      const candidate = objective.at(next);
      if (candidate.loss <= point.loss + 1e-4 * length * slope + noise) {
        [theta, point, accepted] = [next, candidate, true];
      }
    }
    if (!accepted) break;
  }
  const relativeGradientNorm = scale === 0 ? 0 : norm(point.gradient) / scale;
  return {
    weights: theta.slice(0, columns),
    intercept: theta[columns]!,
    relativeGradientNorm,
    converged: relativeGradientNorm <= TOLERANCE,
    iterations,
  };
}

/** [N] probabilities. */
export function predictProbabilities(features: SparseMatrix, model: LogisticRegressionModel): Float64Array {
  const out = new Float64Array(features.rows);
  timesVector(features, model.weights, model.intercept, out);
  return out.map(sigmoid);
}

export function sigmoid(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
}

interface ObjectivePoint {
  readonly loss: number;
  /** [F + 1] */
  readonly gradient: Float64Array;
  /** out = H direction */
  readonly hessianTimes: (direction: Float64Array, out: Float64Array) => void;
}

function logisticObjective({
  features,
  labels,
  inverseRegularization: c,
  hasIntercept = true,
}: LogisticRegressionProblem) {
  const { rows, columns } = features;
  const logits = new Float64Array(rows);
  const projected = new Float64Array(rows);

  const at = (theta: Float64Array): ObjectivePoint => {
    timesVector(features, theta.subarray(0, columns), theta[columns]!, logits);
    const residuals = new Float64Array(rows); // C (p - y), dloss/dz
    const curvatures = new Float64Array(rows); // C p (1 - p), d2loss/dz2
    const gradient = theta.slice();
    gradient[columns] = 0;
    let loss = 0;
    for (let i = 0; i < columns; i++) loss += (theta[i]! * theta[i]!) / 2;
    for (let r = 0; r < rows; r++) {
      const p = sigmoid(logits[r]!);
      const towards = labels[r] === 1 ? logits[r]! : -logits[r]!;
      // log(1 + e^-t), without overflow
      loss += c * (Math.max(-towards, 0) + Math.log1p(Math.exp(-Math.abs(towards))));
      residuals[r] = c * (p - labels[r]!);
      curvatures[r] = c * p * (1 - p);
      if (hasIntercept) gradient[columns]! += residuals[r]!;
    }
    addTransposedTimes(features, residuals, gradient);
    return {
      loss,
      gradient,
      hessianTimes: (direction, out) => {
        timesVector(features, direction.subarray(0, columns), direction[columns]!, projected);
        let sum = 0;
        for (let r = 0; r < rows; r++) {
          projected[r]! *= curvatures[r]!;
          sum += projected[r]!;
        }
        out.set(direction);
        out[columns] = hasIntercept ? sum : 0;
        addTransposedTimes(features, projected, out);
      },
    };
  };
  return { at };
}

/**
 * Solves H d = -gradient until the residual is `forcing` times the gradient. Plain: the identity that the penalty
 * adds already conditions H well, and scaling by H's diagonal made X_1 at C = 100 take five times the products.
 */
function conjugateGradients(point: ObjectivePoint, forcing: number): Float64Array {
  const { gradient } = point;
  const direction = new Float64Array(gradient.length);
  const residual = gradient.map((value) => -value);
  const search = residual.slice();
  const product = new Float64Array(gradient.length);
  let energy = dot(residual, residual);
  const enough = forcing * forcing * energy;
  for (let step = 0; step < MAX_CG_STEPS && energy > enough; step++) {
    point.hessianTimes(search, product);
    const curvature = dot(search, product);
    // Only the intercept is unpenalised; its curvature vanishes when every probability is 0 or 1 to rounding.
    if (!(curvature > 0)) break;
    const length = energy / curvature;
    for (let i = 0; i < direction.length; i++) {
      direction[i]! += length * search[i]!;
      residual[i]! -= length * product[i]!;
    }
    const before = energy;
    energy = dot(residual, residual);
    for (let i = 0; i < search.length; i++) search[i] = residual[i]! + (energy / before) * search[i]!;
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (vector: Float64Array) => Math.sqrt(dot(vector, vector));
