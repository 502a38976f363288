/** @file A sparse matrix by rows (CSR) and the two products that linear models need. */

export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1] row r lies at rowStarts[r] .. rowStarts[r + 1]. */
  readonly rowStarts: Int32Array;
  /** [nonzeros] */
  readonly indices: Int32Array;
  /** [nonzeros] */
  readonly values: Float64Array;
}

export interface SparseRow {
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export function sparseMatrix(rows: readonly SparseRow[], columns: number): SparseMatrix {
  const rowStarts = new Int32Array(rows.length + 1);
  rows.forEach((row, r) => {
    rowStarts[r + 1] = rowStarts[r]! + row.indices.length;
  });
  const nonzeros = rowStarts[rows.length]!;
  const indices = new Int32Array(nonzeros);
  const values = new Float64Array(nonzeros);
  rows.forEach((row, r) => {
    indices.set(row.indices, rowStarts[r]);
    values.set(row.values, rowStarts[r]);
  });
  return { rows: rows.length, columns, rowStarts, indices, values };
}

/** out[r] = sum_c matrix[r, c] * vector[c] + offset */
export function timesVector(
  matrix: SparseMatrix,
  vector: Float64Array,
  offset: number,
  out: Float64Array,
): void {
  const { rows, rowStarts, indices, values } = matrix;
  for (let r = 0; r < rows; r++) {
    let sum = offset;
    const end = rowStarts[r + 1]!;
    for (let k = rowStarts[r]!; k < end; k++) sum += values[k]! * vector[indices[k]!]!;
    out[r] = sum;
  }
}

/** out[c] += sum_r matrix[r, c] * vector[r] */
export function addTransposedTimes(matrix: SparseMatrix, vector: Float64Array, out: Float64Array): void {
  const { rows, rowStarts, indices, values } = matrix;
  for (let r = 0; r < rows; r++) {
    const factor = vector[r]!;
    const end = rowStarts[r + 1]!;
    for (let k = rowStarts[r]!; k < end; k++) out[indices[k]!]! += factor * values[k]!;
  }
}
