/**
 * @file Which factor each feature of x gets, where matrices are multiplied with x in 8 bits: of a few ways to choose them the one
 * with the least error on rows that were measured, or none where none is clearly better.
 */
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { roundHalfToEven } from '../tensor/rounding.ts';
import { LARGEST_POWER } from './feature-factors.ts';
import { encodeInt8 } from './int8.ts';
import type { MatrixShape } from './weight-format.ts';

/** What matrices read, and what they are. */
export interface MeasuredInput {
  /** [N, in]: rows that were measured. */
  readonly x: HostTensor<'float32'>;
  /** [out, in], all that read x. */
  readonly matrices: readonly HostTensor<'float32'>[];
}

/** A choice has to be better than no factors by this much: what was measured is a sample. */
const LEAST_GAIN = 0.1;

/** [in] powers of two; undefined where no choice is clearly better than none. */
export function chooseFactors({ x: all, matrices: whole }: MeasuredInput): Float32Array | undefined {
  const ws = columnLargest(...whole);
  const x = evenRows(someRows(all));
  const matrices = whole.map(someRows);
  const none = predictedError(x, matrices, undefined);
  let best: { readonly factors: Float32Array; readonly error: number } | undefined;
  // A feature may be large in all rows, or in one that is unlike the others.
  const sizes = [columnLargest(x), columnRms(x)];
  for (const factors of sizes.flatMap((xs) => CHOICES.map((choose) => choose(xs, ws).map(nearestPower)))) {
    if (factors.every((factor) => factor === factors[0])) continue;
    const error = predictedError(x, matrices, factors);
    if (best === undefined || error < best.error) best = { factors, error };
  }
  return best !== undefined && best.error < (1 - LEAST_GAIN) * none ? best.factors : undefined;
}

type Choice = (xs: Float32Array, ws: Float32Array) => Float32Array;

/** x^a / w^(1 - a), as SmoothQuant has it; size of each column of x, and largest element of that of the weights. */
const balanced =
  (a: number): Choice =>
  (xs, ws) =>
    xs.map((size, k) => (size === 0 || ws[k] === 0 ? 1 : size ** a / ws[k]! ** (1 - a)));

/** What is larger than so many medians is brought down to them, everything else left alone. */
const clipped =
  (medians: number): Choice =>
  (xs) => {
    const limit = medians * median(xs);
    return xs.map((size) => (limit === 0 ? 1 : Math.max(1, size / limit)));
  };

const CHOICES: readonly Choice[] = [balanced(0.5), balanced(0.7), balanced(0.85), clipped(2)];

/**
 * Mean square error of the products of rounded rows with rounded weights, relative to the products' size, summed over the matrices. Errors of
 * different features are taken as independent, as are features of x: with e and d what rounding adds to x / s and to W diag(s),
 * sum over k of (sum of e_k^2)(sum of w_k^2) + (sum of x_k^2)(sum of d_k^2), over the same of x and w.
 */
function predictedError(
  x: HostTensor<'float32'>,
  matrices: readonly HostTensor<'float32'>[],
  factors: Float32Array | undefined,
): number {
  const inverse = factors?.map((factor) => 1 / factor);
  const ofX = columnSquares(scaled(x, inverse));
  return matrices.reduce((sum, matrix) => {
    const ofW = columnSquares(scaled(matrix, factors));
    let error = 0;
    let size = 0;
    for (let k = 0; k < ofX.values.length; k++) {
      error += ofX.errors[k]! * ofW.values[k]! + ofX.values[k]! * ofW.errors[k]!;
      size += ofX.values[k]! * ofW.values[k]!;
    }
    return size === 0 ? sum : sum + error / size;
  }, 0);
}

/** Sums of squares of each column: of its elements, and of what rounding rows to 8 bits adds to them. */
function columnSquares(matrix: HostTensor<'float32'>): {
  readonly values: Float64Array;
  readonly errors: Float64Array;
} {
  const [rows, columns] = matrix.shape as MatrixShape;
  const { codes, scales } = encodeInt8(matrix);
  const values = new Float64Array(columns);
  const errors = new Float64Array(columns);
  for (let r = 0, i = 0; r < rows; r++) {
    const scale = scales.data[r]!;
    for (let k = 0; k < columns; k++, i++) {
      const value = matrix.data[i]!;
      const error = value - codes.data[i]! * scale;
      values[k]! += value * value;
      errors[k]! += error * error;
    }
  }
  return { values, errors };
}

/** Rows at equal distances: enough to tell choices apart, and a fraction of the time. */
function someRows(matrix: HostTensor<'float32'>): HostTensor<'float32'> {
  const [rows, columns] = matrix.shape as MatrixShape;
  const count = Math.min(rows, MOST_ROWS);
  const data = new Float32Array(count * columns);
  for (let r = 0; r < count; r++) {
    const from = Math.floor((r * rows) / count) * columns;
    data.set(matrix.data.subarray(from, from + columns), r * columns);
  }
  return hostTensor('float32', [count, columns], data);
}

const MOST_ROWS = 192;

/** Each row divided by its size: its rounding is relative to that, and the norms behind it make rows alike again. */
function evenRows(matrix: HostTensor<'float32'>): HostTensor<'float32'> {
  const columns = matrix.shape[1]!;
  const data = matrix.data.slice();
  for (let start = 0; start < data.length; start += columns) {
    const row = data.subarray(start, start + columns);
    const size = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / columns);
    if (size > 0) for (let k = 0; k < columns; k++) row[k]! /= size;
  }
  return { ...matrix, data };
}

/** Columns times their factors: W diag(s). */
function scaled(matrix: HostTensor<'float32'>, factors: Float32Array | undefined): HostTensor<'float32'> {
  if (factors === undefined) return matrix;
  const data = matrix.data.map((value, i) => value * factors[i % factors.length]!);
  return { ...matrix, data };
}

/** The largest absolute value of each column over all matrices, [in]. */
function columnLargest(...matrices: readonly HostTensor<'float32'>[]): Float32Array {
  const largest = new Float32Array(matrices[0]!.shape[1]!);
  for (const { data } of matrices) {
    for (let i = 0; i < data.length; i++) {
      const size = Math.abs(data[i]!);
      if (size > largest[i % largest.length]!) largest[i % largest.length] = size;
    }
  }
  return largest;
}

/** The root mean square of each column, [in]. */
function columnRms({ shape, data }: HostTensor<'float32'>): Float32Array {
  const [rows, columns] = shape as MatrixShape;
  const sums = new Float32Array(columns);
  for (let i = 0; i < data.length; i++) sums[i % columns]! += data[i]! ** 2;
  return sums.map((sum) => Math.sqrt(sum / rows));
}

function median(values: Float32Array): number {
  return values.toSorted()[values.length >> 1]!;
}

/** The power of two that is nearest to a factor on a logarithmic scale, within what a file may hold. */
function nearestPower(factor: number): number {
  const power = roundHalfToEven(Math.log2(factor));
  return 2 ** Math.min(LARGEST_POWER, Math.max(-LARGEST_POWER, power));
}
