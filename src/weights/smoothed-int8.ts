/**
 * @file A matrix in 8 bits whose input has a factor per feature (SmoothQuant, arXiv:2211.10438): x / s is rounded row by row and
 * multiplied with W diag(s), so that a few large features do not leave the others without steps. The factors are powers of
 * two, so that nothing but the two roundings changes a number; they are constants, so that no row depends on another.
 */
import { VultuneError } from '../base/errors.ts';
import type { ByteCodes } from '../graph/ops.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { FeatureFactors } from './feature-factors.ts';
import { encodeInt8 } from './int8.ts';
import type { MatrixShape, PartInput, WeightFormat, WeightParts } from './weight-format.ts';

/** What names of the format begin with; the fingerprint of the factors follows, since other factors give other numbers. */
const PREFIX = 'int8-smoothed:';

/** Which factors a format of that name has; undefined for the name of another format. */
export const factorsFingerprintOf = (name: string): string | undefined =>
  name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;

const partsOf = ([rows, columns]: MatrixShape, part: PartInput, codes: ByteCodes) =>
  [
    part('codes', codes, [rows, columns]),
    part('scales', 'float32', [rows]),
    part('inverse', 'float32', [columns]),
  ] as const;

/** A matrix that has no factors is held and multiplied as in `int8`. */
export const smoothedInt8 = (factors: FeatureFactors, codes: ByteCodes = 'int8'): WeightFormat => ({
  name: `${PREFIX}${factors.fingerprint}`,
  describe: '8 bits a weight, products in 8 bits, large features moved into the weights',
  isQuantized: true,
  multipliesIntegers: true,
  codes,
  inputParts: new Set(['inverse']),
  factors,
  encode: (matrix, name) =>
    encodeSmoothed(matrix, codes, name, name === undefined ? undefined : factors.vectors.get(name)),
  // The columns of the codes' matrix hold s times the weights.
  read: (b, shape, part) => {
    const [bytes, scales, inverse] = partsOf(shape, part, codes);
    return b.mul(b.dequantizeRows(bytes, scales), inverse);
  },
  product: (b, x, shape, part) => {
    const [bytes, scales, inverse] = partsOf(shape, part, codes);
    return b.int8Matmul(b.mul(x, inverse), bytes, scales, { digits: 1, transposeB: true });
  },
  sizeBytes: ([rows, columns]) => rows * columns + 4 * rows + 4 * columns,
});

/**
 * @param factors [in] powers of two; undefined: 1 for every feature
 * @throws VultuneError INT8_FACTORS where there are more or fewer than the matrix has inputs
 */
function encodeSmoothed(
  matrix: HostTensor<'float32'>,
  codes: ByteCodes,
  name: string | undefined,
  factors: Float32Array | undefined,
): WeightParts {
  const [rows, columns] = matrix.shape as MatrixShape;
  if (factors === undefined)
    return {
      ...encodeInt8(matrix, codes),
      inverse: hostTensor('float32', [columns], new Float32Array(columns).fill(1)),
    };
  if (factors.length !== columns) {
    throw new VultuneError(
      'INT8_FACTORS',
      `there are ${factors.length} factors for a matrix of ${columns} inputs`,
      {
        where: name === undefined ? {} : { name },
        hint: 'They belong to another model: use the file that was written with this run.',
      },
    );
  }
  const data = new Float32Array(matrix.data.length);
  for (let r = 0, i = 0; r < rows; r++)
    for (let k = 0; k < columns; k++, i++) data[i] = matrix.data[i]! * factors[k]!;
  return {
    ...encodeInt8(hostTensor('float32', matrix.shape, data), codes),
    inverse: hostTensor(
      'float32',
      [columns],
      factors.map((factor) => 1 / factor),
    ),
  };
}
