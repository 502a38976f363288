/**
 * @file The weights of a model with its adapter merged into them, the head's with them: what computes the same without knowing of
 * adapters. Each is made when it is asked for, and never held.
 */

import type { LoadedAdapter } from '../adapters/files/adapter-files.ts';
import { weightMerger } from '../adapters/merged-weights.ts';
import { parameterKey } from '../adapters/parameter-key.ts';
import { VultuneError } from '../base/errors.ts';
import type { TensorSource } from '../checkpoint/safetensors-stream.ts';
import { baseShapes } from '../heads/check-head-weights.ts';
import type { Head } from '../heads/head.ts';
import { promisedShapes } from '../model/check-weights.ts';
import { firstNotFinite, type HostTensor, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import type { OpenModel } from './open-model.ts';

export interface MergedTensors {
  /** Weights of the base model, by the names of the specification; matrices [out, in]. */
  readonly base: readonly TensorSource[];
  /** Weights of the head: its own, and what it reads of the base model. */
  readonly head: readonly TensorSource[];
}

/**
 * In the model's order. Rows of the embedding that no token has are left out. `read`: a weight of the base model as it was trained on.
 * `make` throws CHECKPOINT_NOT_FINITE, and what `read` throws.
 */
export function mergedTensors(
  { checkpoint, spec }: Pick<OpenModel, 'checkpoint' | 'spec'>,
  adapter: LoadedAdapter,
  head: Head,
  read: (name: string) => Promise<HostTensor<'float32'>> = (name) => checkpoint.read(name),
): MergedTensors {
  const { parameters } = adapter;
  const merge = weightMerger(adapter, parameters);
  const ofBase = ([name, shape]: readonly [string, readonly number[]]): TensorSource => ({
    name,
    shape,
    make: async () => finite(firstRows(await merge(name, read), shape), name, checkpoint.path),
  });
  const trained = head.parameters.filter(({ first }) => first !== undefined);
  return {
    // A block with one norm for both sublayers names it twice.
    base: [...new Map(promisedShapes(spec))].map(ofBase),
    head: [
      ...baseShapes(head).map(ofBase),
      ...trained.map(({ name, shape }) => ({
        name,
        shape,
        make: async () => parameters.get(parameterKey(name))!,
      })),
    ],
  };
}

/** An embedding may have more rows than there are tokens. */
function firstRows(tensor: HostTensor<'float32'>, shape: readonly number[]): HostTensor<'float32'> {
  const size = sizeOf(shape);
  return tensor.data.length === size ? tensor : hostTensor('float32', shape, tensor.data.slice(0, size));
}

function finite(tensor: HostTensor<'float32'>, name: string, file: string): HostTensor<'float32'> {
  const at = firstNotFinite(tensor.data);
  if (at < 0) return tensor;
  throw new VultuneError(
    'CHECKPOINT_NOT_FINITE',
    `"${name}" holds ${tensor.data[at]} once merged, expected finite numbers`,
    {
      where: { file, name },
      hint: 'The weights of the base model or of its adapter are damaged: what they score cannot be relied on either.',
    },
  );
}
