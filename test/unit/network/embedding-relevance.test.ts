import { expect, test } from 'vitest';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { logitsOf, relativeDifference, sequenceOf } from '../../support/network-step.ts';
import { makeModel, type TinyNetwork, tinyConfig, tinyNetwork } from '../../support/tiny-model.ts';

/** Relevance of each token to the margin between the two logits. */
const relevanceOf = ({ network, judgement }: TinyNetwork, ids: readonly (readonly number[])[]) =>
  network.relevance(sequenceOf(ids), judgement.head, { objective: judgement.evidence, feeds: {} });

// No token twice: a token's row of the embedding is then that token's input alone.
const functions = [
  [3, 1, 4, 15, 9, 2, 6],
  [5, 35, 8],
];

test('is what the margin changes by when a token weighs a little more', async () => {
  const model = makeModel(tinyConfig({ num_hidden_layers: 2 }));
  const tiny = await tinyNetwork(model, { backend: referenceBackend() });
  const sequence = sequenceOf(functions);
  const relevance = await relevanceOf(tiny, functions);
  const { data } = await model.weights.get(model.model.embedding.tokens);
  const D = model.model.hiddenSize;
  const scaled = async (id: number, factor: number) => {
    const row = data.subarray(id * D, (id + 1) * D);
    const kept = row.slice();
    row.set(kept.map((value) => value * factor));
    const logits = await logitsOf(tiny, sequence);
    row.set(kept);
    return logits.reduce((sum, logit, i) => sum + (i % 2 === 1 ? logit : -logit), 0);
  };
  const step = 2 ** -7;
  for (const [token, id] of functions.flat().entries()) {
    const expected = ((await scaled(id, 1 + step)) - (await scaled(id, 1 - step))) / (2 * step);
    expect(relevance[token]).toBeCloseTo(expected, 3);
  }
});

test('is the same in every cut, packed and alone, whatever is frozen', async () => {
  const model = makeModel(tinyConfig());
  const whole = await tinyNetwork(model);
  const expected = await relevanceOf(whole, functions);
  for (const layers of ['all', { last: 1 }] as const) {
    const modules = { lora: { layers } };
    const byBlock = await tinyNetwork(model, { ...modules, blocksPerStage: 1 });
    const reference = await tinyNetwork(model, modules);
    const packed = await relevanceOf(byBlock, functions);
    const alone = await Promise.all(functions.map((ids) => relevanceOf(reference, [ids])));
    expect(relativeDifference(packed, Float64Array.from(alone.flatMap((part) => [...part])))).toBeLessThan(
      1e-5,
    );
    if (layers === 'all') expect(relativeDifference(packed, Float64Array.from(expected))).toBeLessThan(1e-5);
    await byBlock.network.release();
    await reference.network.release();
  }
  await whole.network.release();
});
