/** @file A way of fine-tuning a matrix: what is trained, and what it adds to the product. The interface alone. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Matrix } from '../model/spec.ts';
import type { FirstValues } from '../tensor/first-values.ts';

/** A trained tensor of one matrix; `name` is what PEFT puts behind the matrix's: `lora_A.weight`. */
export interface TrainedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly first: FirstValues;
}

export interface AdaptedProduct {
  readonly builder: GraphBuilder;
  /** The matrix's input after dropout, where there is any: [N, in]. */
  readonly dropped: () => Value;
  /** x W^T with the bias, [N, out]: made when it is asked for. */
  readonly base: () => Value;
  /** A trained tensor by its name. */
  readonly trained: (name: string) => Value;
}

export interface Adapter<Options> {
  /** As in adapter_config.json. */
  readonly peftType: string;
  tensors(matrix: Matrix, options: Options): readonly TrainedTensor[];
  /** What takes the place of x W^T with the bias: [N, out]. */
  product(context: AdaptedProduct, options: Options): Value;
}
