/** @file A way of fine-tuning a matrix: what is trained, and what it adds to the product. The interface alone. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Matrix } from '../model/spec.ts';
import type { FirstValues } from '../tensor/first-values.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

/** First values that are made of a tensor of the base model, as it is held: matrices [out, in]. */
export interface FromBase {
  readonly kind: 'from base';
  readonly make: (base: HostTensor<'float32'>) => Float32Array;
}

/** A trained tensor of one matrix; `name` is what PEFT puts behind the matrix's: `lora_A.weight`. */
export interface TrainedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** `from base`: made of the matrix. */
  readonly first: FirstValues | FromBase;
}

export interface AdaptedProduct {
  readonly builder: GraphBuilder;
  /** The matrix's input after dropout, where there is any: [N, in]. */
  readonly dropped: () => Value;
  /** x W^T with the bias, [N, out]: made when it is asked for. */
  readonly base: () => Value;
  /** Any [N, in] times W^T, without the bias: [N, out]. */
  readonly unbiased: (x: Value) => Value;
  /** W in float32, [out, in], whatever format it is held in. */
  readonly weight: () => Value;
  /** A trained tensor by its name. */
  readonly trained: (name: string) => Value;
}

/** The values of a matrix's trained tensors, by their names. */
export type TrainedValues = (name: string) => HostTensor<'float32'>;

export interface Adapter<Options> {
  /** `peft_type` of adapter_config.json; DORA is its LORA with use_dora. */
  readonly kind: 'LORA' | 'DORA' | 'ADALORA';
  tensors(matrix: Matrix, options: Options): readonly TrainedTensor[];
  /** What takes the place of x W^T with the bias: [N, out]. */
  product(context: AdaptedProduct, options: Options): Value;
  /** The matrix [out, in] with which the base model alone computes the same; biases stay as they are. */
  merged(weight: HostTensor<'float32'>, trained: TrainedValues, options: Options): HostTensor<'float32'>;
}
