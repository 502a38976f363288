/** @file A model's lower part as a model: the layers above are neither loaded nor computed. */
import { VultuneError } from '../base/errors.ts';
import type { Model } from './spec.ts';

/**
 * The first `count` layers, with the final norm and the heads behind them; undefined: all.
 * @throws VultuneError MODEL_KEEP_LAYERS for more than there are.
 */
export function keepLayers(model: Model, count: number | undefined): Model {
  const { layers } = model;
  if (count === undefined || count === layers.length) return model;
  if (count <= layers.length) return { ...model, layers: layers.slice(0, count) };
  throw new VultuneError(
    'MODEL_KEEP_LAYERS',
    `the first ${count} layers are to be kept, the model has ${layers.length}`,
    { where: { name: 'keep_layers' }, hint: `Give a number from 1 to ${layers.length}, or null for all.` },
  );
}
