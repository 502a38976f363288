/**
 * @file The operators of the IR: one row each, its attributes typed. Shape rules, lowering, the reference
 * interpreter and gradients are tables that are total over these rows, so a new row does not compile until every
 * table has it.
 */
import type { DType } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { Dim, Shape } from './dim.ts';

/** Element types inside a graph. The reference interpreter computes `float32` values in float64. */
export type GraphDType = 'float32' | 'int64' | 'uint32' | 'int8' | 'uint8' | 'bool';

/** How whole numbers from -127 to 127 are held in one byte: as they are, or with 128 added. */
export type ByteCodes = 'int8' | 'uint8';

/** The code of the number 0. */
export const zeroOfCodes = (codes: DType): number => (codes === 'uint8' ? 128 : 0);

export type NoAttributes = Readonly<Record<string, never>>;

export interface MatmulAttributes {
  /** Swap the last two axes of the left operand. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor on the product, 1 by default. */
  readonly alpha?: number;
}

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface Int8MatmulAttributes {
  /** Swap the axes of the codes. */
  readonly transposeB?: true;
  /**
   * How many 8-bit digits hold an element of x: with 1 it is rounded to 1/254 of its row's largest, with 2 to 1/254 of
   * that, in two products.
   */
  readonly digits: 1 | 2;
}

/** How a 4-bit code becomes a number. */
export interface BlockAttributes {
  /** The number of each of the 16 codes, before the block's factor. */
  readonly values: readonly number[];
  /** Where the numbers are those of a code that backends know by name. */
  readonly code?: 'nf4';
  /** Number of elements that share a factor. */
  readonly blockSize: number;
  /** Shape of the result, whose elements lie row after row over the blocks. */
  readonly shape: readonly number[];
}

/** 'none' is exact; 'tanh' is Hendrycks and Gimpel's approximation (arXiv:1606.08415). */
export type GeluApproximation = 'none' | 'tanh';

export interface RotaryAttributes {
  /** Turn by the negative angles: the gradient, and the way back. */
  readonly inverse: boolean;
  /** Width of a head where it is more than the features that turn; absent where every feature turns. */
  readonly headSize?: number;
  /** Pairs are neighbours; absent where they are the two halves. */
  readonly interleaved?: true;
}

export interface OpAttributes {
  // A tensor known when the graph is built.
  readonly constant: { readonly value: HostTensor };

  // Elementwise on float32.
  readonly neg: NoAttributes;
  readonly exp: NoAttributes;
  readonly log: NoAttributes;
  readonly sqrt: NoAttributes;
  readonly reciprocal: NoAttributes;
  readonly sigmoid: NoAttributes;
  readonly tanh: NoAttributes;
  readonly erf: NoAttributes;
  /** x * sigmoid(x). */
  readonly silu: NoAttributes;
  /** x/2 (1 + erf(x / sqrt 2)), or x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
  readonly gelu: { readonly approximate: GeluApproximation };
  /** x, through which no gradient comes. */
  readonly stopGradient: NoAttributes;
  /** x^exponent, for x >= 0 when the exponent is not whole. */
  readonly pow: { readonly exponent: number };

  // Two operands, broadcast as NumPy does. add and mul also on uint32 (wrapping) and int64.
  readonly add: NoAttributes;
  readonly sub: NoAttributes;
  readonly mul: NoAttributes;
  readonly div: NoAttributes;
  /** a < b, bool. */
  readonly less: NoAttributes;
  /** where(condition, a, b). */
  readonly where: NoAttributes;

  // Bits of uint32, for the counter-based random numbers of dropout.
  readonly bitXor: NoAttributes;
  readonly shiftRight: { readonly amount: number };
  readonly cast: { readonly to: GraphDType };

  // Products. matmul broadcasts leading axes; gemm is 2-D: alpha * a b + c.
  readonly matmul: MatmulAttributes;
  readonly gemm: MatmulAttributes;
  /**
   * int8Matmul(x [N, K], codes [K, O], scales [O] or left out): x codes * scales, in integers. Each row of x is
   * rounded by its own largest element, so that no row depends on another. Its gradient is that of the product without
   * rounding. Codes are int8, or uint8 of which 128 is 0: the same numbers, by other kernels.
   */
  readonly int8Matmul: Int8MatmulAttributes;

  // Frozen matrices out of their codes.
  /** dequantizeRows(codes [O, K], scales [O]): codes (as those of int8Matmul) times their row's scale. */
  readonly dequantizeRows: NoAttributes;
  /**
   * dequantizeBlocks(codes uint8 [M * blockSize / 2], factors [M]): two codes a byte, the first in its upper half; what the
   * last block has beyond the shape is left out.
   */
  readonly dequantizeBlocks: BlockAttributes;

  readonly reduceSum: ReduceAttributes;
  readonly reduceMean: ReduceAttributes;
  /** Has no gradient (autodiff/vjp-rules.ts says why): pooling by the maximum cannot be trained with it. */
  readonly reduceMax: ReduceAttributes;

  readonly reshape: { readonly shape: Shape };
  readonly transpose: { readonly permutation: readonly number[] };
  /** Broadcast to a larger shape. */
  readonly expand: { readonly shape: Shape };
  readonly concat: { readonly axis: number };
  /** x[start:end] along one axis. */
  readonly slice: { readonly axis: number; readonly start: Dim; readonly end: Dim };
  /** Zeros before and after along one axis. */
  readonly pad: { readonly axis: number; readonly before: Dim; readonly after: Dim };

  /** gather(x, indices): rows of x, shape indices.shape + x.shape[1:]. */
  readonly gather: NoAttributes;
  /** scatterAdd(indices, updates): zeros of `rows` rows, each update added to the row of its index. */
  readonly scatterAdd: { readonly rows: Dim };
  /**
   * packRows(x [N, D], index [B, S], inverse [N], slotIsReal [B, S]) -> [B, S, D]: flat tokens into attention rows,
   * zeros in padding slots. `inverse` is the slot of each token: the gradient is then a gather, not a scatter. Where
   * a token stands in up to R slots, `inverse` is [N, R]; B * S stands for no slot.
   */
  readonly packRows: NoAttributes;
  /**
   * unpackRows(y [B, S, D], index, inverse, slotIsReal) -> [N, D]: the adjoint of packRows, the sum of a token's slots;
   * its inverse where each token stands in one.
   */
  readonly unpackRows: NoAttributes;

  // Over the last axis.
  readonly softmax: NoAttributes;
  readonly logSoftmax: NoAttributes;
  /** rmsNorm(x, weight): x / sqrt(mean(x^2) + epsilon) * weight. */
  readonly rmsNorm: { readonly epsilon: number };
  /** layerNorm(x, weight): (x - mean(x)) / sqrt(var(x) + epsilon) * weight, the variance biased. A bias is added after. */
  readonly layerNorm: { readonly epsilon: number };

  /**
   * rotary(x [N, H*d], cos [M, r/2], sin [M, r/2], positions [N]): the pairs (a, b) of each head's first r <= d features
   * become (a cos - b sin, b cos + a sin), the features after them stay as they are.
   */
  readonly rotary: RotaryAttributes;
}

export type OpName = keyof OpAttributes;
