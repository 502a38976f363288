/** @file How a frozen matrix is held in memory and read in a graph. The interface alone. */

import type { StoredFourBit } from '../checkpoint/checkpoint.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { ByteCodes, GraphDType } from '../graph/ops.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { FeatureFactors } from './feature-factors.ts';

/** A matrix as tensors: its values, or codes and their scales. */
export type WeightParts = Readonly<Record<string, HostTensor>>;

/** [out, in] */
export type MatrixShape = readonly [number, number];

/** Declares the input of a graph that holds a part. */
export type PartInput = (name: string, dtype: GraphDType, shape: Shape) => Value;

export interface WeightFormat {
  /** What caches and runs know it by: formats that give other numbers have other names. */
  readonly name: string;
  /** In words, for users who choose a format or are told which one is used. */
  readonly describe: string;
  /** Whether graphs compute with codes: on the CPU alone. */
  readonly isQuantized?: true;
  /** Whether products are of integers: what is multiplied is rounded too, and not every processor adds such products up right. */
  readonly multipliesIntegers?: true;
  /**
   * How codes of one byte are held, where products are of integers. Kernels without VNNI add products of signed codes up wrong; kernels
   * with VNNI take twice the time for unsigned ones.
   */
  readonly codes?: ByteCodes;
  /** Whether BaseWeights holds what the file has, and decodes it anew for each use; `encode` is then of a matrix in use. */
  readonly holdsStored?: true;
  /** Parts that belong to what is multiplied and not to the matrix: all matrices that read the same x have the same. Default: none. */
  readonly inputParts?: ReadonlySet<string>;
  /** What it was measured to do for a model, stored with what is computed so; default: nothing. */
  readonly factors?: FeatureFactors;
  /** `name`: the weight's full name, where it is a model's. */
  encode(matrix: HostTensor<'float32'>, name?: string): WeightParts;
  /** What `encode` gives of a matrix that its file has in the same codes, without decoding it; undefined where they are others. */
  readonly ofStored?: (stored: StoredFourBit) => WeightParts | undefined;
  /** The matrix as a value of the graph, [out, in]. */
  read(b: GraphBuilder, shape: MatrixShape, part: PartInput): Value;
  /** x W^T, x [N, in]: [N, out]. Each row of it depends on the same row of x alone. */
  product(b: GraphBuilder, x: Value, shape: MatrixShape, part: PartInput): Value;
  /** Bytes of all parts of a matrix. */
  sizeBytes(shape: MatrixShape): number;
}

/** The product of a format that has no faster way than to read the matrix out. */
export const productOfRead =
  (read: WeightFormat['read']): WeightFormat['product'] =>
  (b, x, shape, part) =>
    b.matmul(x, read(b, shape, part), { transposeB: true });
