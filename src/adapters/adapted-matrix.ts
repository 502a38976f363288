/** @file A matrix with its adapter chosen and configured: what an adapter plan is a list of. */
import type { Value } from '../graph/graph.ts';
import type { LayerMatrix } from '../model/matrices.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { AdaptedProduct, Adapter, TrainedTensor, TrainedValues } from './adapter.ts';

export interface AdaptedMatrix extends LayerMatrix {
  /** All that the graph depends on: equal layers with equal ones share a program. */
  readonly structure: string;
  readonly tensors: readonly TrainedTensor[];
  readonly product: (context: AdaptedProduct) => Value;
  readonly merged: (weight: HostTensor<'float32'>, trained: TrainedValues) => HostTensor<'float32'>;
}

export function adapt<Options>(at: LayerMatrix, adapter: Adapter<Options>, options: Options): AdaptedMatrix {
  return {
    ...at,
    structure: JSON.stringify([at.matrix.name, adapter.kind, options]),
    tensors: adapter.tensors(at.matrix, options),
    product: (context) => adapter.product(context, options),
    merged: (weight, trained) => adapter.merged(weight, trained, options),
  };
}
