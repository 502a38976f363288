/** @file How a frozen matrix is held in memory and read in a graph. The interface alone. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { GraphDType } from '../graph/ops.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

/** A matrix as tensors: its values, or codes and their scales. */
export type WeightParts = Readonly<Record<string, HostTensor>>;

export interface WeightFormat {
  readonly name: string;
  encode(matrix: HostTensor<'float32'>): WeightParts;
  /** The matrix as a value of the graph; `part` declares the input that holds a part. */
  read(b: GraphBuilder, shape: Shape, part: (name: string, dtype: GraphDType, shape: Shape) => Value): Value;
}
