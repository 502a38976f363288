import { expect, test } from 'vitest';
import { hiddenStates } from '../../../src/heads/hidden-states.ts';
import { keepLayers } from '../../../src/model/keep-layers.ts';
import { sequenceOf } from '../../support/network-step.ts';
import { makeModel, tinyConfig, tinyNetwork } from '../../support/tiny-model.ts';

const functions = [
  [3, 1, 4, 1, 5],
  [9, 2, 6],
];

test('the first layers alone give what a model of so many layers gives', async () => {
  const whole = makeModel(tinyConfig());
  const kept = { ...whole, model: keepLayers(whole.model, 2) };
  // The same weights: tensors are drawn by their names.
  const short = makeModel(tinyConfig({ num_hidden_layers: 2 }));
  const states = async (tiny: typeof whole) => {
    const { network } = await tinyNetwork(tiny, { adapted: [] });
    const { data } = await network.logits(sequenceOf(functions), hiddenStates);
    await network.release();
    return data;
  };
  expect(await states(kept)).toEqual(await states(short));
});

test('all layers are the model itself; more are refused', () => {
  const { model } = makeModel(tinyConfig());
  expect(keepLayers(model, undefined)).toBe(model);
  expect(keepLayers(model, 4)).toBe(model);
  expect(() => keepLayers(model, 5)).toThrow(
    expect.objectContaining({ code: 'MODEL_KEEP_LAYERS', where: { name: 'keep_layers' } }),
  );
});
