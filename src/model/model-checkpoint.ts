/**
 * @file A checkpoint as the model it describes: under the names of the specification, matrices [out, in], and known to hold
 * all that config.json promises.
 */
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { type TensorView, viewCheckpoint } from '../checkpoint/tensor-view.ts';
import { checkWeights } from './check-weights.ts';
import { readModel, storedNames } from './families/registry.ts';
import { layerMatrices } from './matrices.ts';
import type { Model } from './spec.ts';

export interface ModelCheckpoint {
  readonly model: Model;
  readonly checkpoint: Checkpoint;
}

/** Throws what readModel and checkWeights throw. */
export function modelCheckpoint(stored: Checkpoint): ModelCheckpoint {
  const model = readModel(stored.config, stored.path, stored.tensors.size);
  const checkpoint = underModelNames(stored, model);
  checkWeights(checkpoint, model);
  return { model, checkpoint };
}

function underModelNames(stored: Checkpoint, model: Model): Checkpoint {
  const transposed = new Set(
    layerMatrices(model).flatMap(({ matrix, name }) =>
      matrix.transposed === true ? [`${name}.weight`] : [],
    ),
  );
  const views = new Map<string, TensorView>();
  let isSame = transposed.size === 0;
  for (const [name, view] of storedNames(stored, model)) {
    isSame &&= name === view.stored && view.rows === undefined;
    views.set(name, transposed.has(name) ? { ...view, transposed: true } : view);
  }
  return isSame ? stored : viewCheckpoint(stored, views);
}
