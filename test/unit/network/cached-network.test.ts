/** @file A step out of the cache against the whole text computed anew, for every decoder and every kind of block. */
import { describe, expect, test } from 'vitest';
import { languageModel } from '../../../src/heads/language-model.ts';
import { isCausal } from '../../../src/model/matrices.ts';
import { KeyValueCache } from '../../../src/network/key-value-cache.ts';
import { Network } from '../../../src/network/network.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { relativeDifference } from '../../support/network-step.ts';
import { TOLERANCE } from '../../support/packed-equals-alone.ts';
import { cachedFixture } from '../../support/tiny-generator.ts';
import { openFixture, PACKED_FIXTURES, tinyBackend } from '../../support/tiny-model.ts';

const decoders: string[] = [];
/** One of each family, and each other kind of block. */
const KINDS = [
  ...PACKED_FIXTURES,
  'mistral-window',
  'qwen3-window',
  'llama-llama3-rope',
  'stablelm-parallel',
];
for (const name of KINDS) if (isCausal((await openFixture(name)).model)) decoders.push(name);

/** Prompts of different lengths, two of which begin alike, and what they go on with. */
const PROMPTS = [[5, 9, 2, 7, 7, 1, 3, 8, 6, 4, 2], [5, 9, 2, 7, 1], [3]];
const NEXT = [
  [4, 6, 1],
  [2, 2, 9],
  [8, 1, 5],
];

describe.each(decoders)('%s', (name) => {
  test.each([
    { adapter: false, blocksPerStage: Number.POSITIVE_INFINITY, sharePrefixes: true },
    { adapter: true, blocksPerStage: 1, sharePrefixes: false },
  ])('cache = computed anew, $blocksPerStage blocks a graph, adapter: $adapter', async (options) => {
    const { network, model, weights, adapter } = await cachedFixture(name, options);
    const whole = new Network({
      model,
      weights,
      ...adapter,
      backend: await tinyBackend(),
      blocksPerStage: 1,
      activations: 'products',
    });
    const head = languageModel(model, 'last');
    const anew = async (texts: readonly (readonly number[])[]) =>
      (await whole.logits(packSequence(texts), head)).data;

    const cache = new KeyValueCache(
      model,
      PROMPTS.map(({ length }) => length),
    );
    const sequence = packSequence(PROMPTS, { packing: 'isolated', sharePrefixes: options.sharePrefixes });
    const first = await network.prefill(sequence, cache, [...PROMPTS.keys()]);
    expect(relativeDifference(first.data, await anew(PROMPTS))).toBeLessThan(TOLERANCE);

    let rows = [0, 1, 2];
    const texts = PROMPTS.map((prompt) => [...prompt]);
    for (let step = 0; step < 3; step++) {
      // After the first step the second sequence ends: the others go on as if it had not been there.
      if (step === 1) rows = [0, 2];
      cache.keep(step === 1 ? rows : [...rows.keys()]);
      for (const row of rows) texts[row]!.push(NEXT[row]![step]!);
      const found = await network.step(
        rows.map((row) => texts[row]!.at(-1)!),
        cache,
      );
      const expected = await anew(rows.map((row) => texts[row]!));
      expect(relativeDifference(found.data, expected), `step ${step}`).toBeLessThan(TOLERANCE);
    }
    await Promise.all([network.release(), whole.release()]);
  });
});
