import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LayerSelection } from '../../../src/adapters/lora-plan.ts';
import { FeatureCache } from '../../../src/network/feature-cache.ts';
import { FrozenFeatures } from '../../../src/network/frozen-features.ts';
import { scoreFunctions } from '../../../src/network/score-functions.ts';
import {
  alone,
  arbitraryFunctions,
  logitsOf,
  relativeDifference,
  sequenceOf,
  stepGroups,
  together,
  worstDifference,
} from '../../support/network-step.ts';
import { makeModel, type TinyNetwork, tinyConfig, tinyNetwork } from '../../support/tiny-model.ts';

const TOLERANCE = 1e-5;
const model = makeModel(tinyConfig({ model_type: 'mistral', sliding_window: 6 }));
const folders: string[] = [];
const networks: TinyNetwork[] = [];

afterAll(async () => {
  for (const { network } of networks) await network.release();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

async function tiny(blocksPerStage: number, layers: LayerSelection): Promise<TinyNetwork> {
  const made = await tinyNetwork(model, { blocksPerStage, lora: { layers } });
  networks.push(made);
  return made;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-frozen-'));
  folders.push(folder);
  return folder;
}

function featuresIn(folder: string, { network }: TinyNetwork): FrozenFeatures {
  const { hiddenSize } = model.model;
  const layerCount = network.frozenLayerCount;
  const cache = new FeatureCache({
    folder,
    maxBytes: 1e8,
    modelFingerprint: 'tiny',
    layerCount,
    hiddenSize,
  });
  return new FrozenFeatures(network, cache, hiddenSize);
}

test.each<[LayerSelection, number, number]>([
  ['all', 1, 0],
  [{ last: 1 }, 1, 3],
  [{ last: 3 }, 2, 1],
  [[2], 1, 2],
  [{ last: 1 }, Number.POSITIVE_INFINITY, 3],
])('adapters on layers %j, %d blocks a graph: %d layers are frozen', async (layers, blocks, frozen) => {
  expect((await tiny(blocks, layers)).network.frozenLayerCount).toBe(frozen);
});

describe.each([1, 2, Number.POSITIVE_INFINITY])('%d blocks a graph', (blocksPerStage) => {
  let tuned: TinyNetwork;
  beforeAll(async () => {
    tuned = await tiny(blocksPerStage, { last: 2 });
  });

  test('a step on kept features is the step on computed ones, whichever of them are kept', async () => {
    const folder = newFolder();
    await fc.assert(
      fc.asyncProperty(
        arbitraryFunctions(40, 30, 5),
        fc.constantFrom('isolated' as const, 'none' as const),
        fc.boolean(),
        async (functions, packing, again) => {
          const features = featuresIn(folder, tuned);
          const frozen: typeof features.hidden = (sequence, ids) => features.hidden(sequence, ids);
          const groups = together(functions);
          const expected = await stepGroups(tuned, functions, alone(functions));
          const first = await stepGroups(tuned, functions, groups, { packing, frozen });
          expect(worstDifference(first, expected).error).toBeLessThan(TOLERANCE);
          if (!again) return;
          // Some of its functions are on disk now, others are new.
          const more = [{ ids: [7, 7, 7], target: 1, weight: 1 } as const, ...functions.toReversed()];
          const expectedMore = await stepGroups(tuned, more, alone(more));
          const found = await stepGroups(tuned, more, together(more), { packing, frozen });
          expect(worstDifference(found, expectedMore).error).toBeLessThan(TOLERANCE);
        },
      ),
      { numRuns: 5, seed: 3 },
    );
  });

  test('the second time nothing is computed, and the bits are the same', async () => {
    const folder = newFolder();
    const ids = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11, 12]];
    const sequence = sequenceOf(ids);
    const first = await featuresIn(folder, tuned).hidden(sequence, ids);
    const broken = { ...tuned, network: { frozenLayerCount: 2 } as never };
    const second = await featuresIn(folder, broken).hidden(sequence, ids);
    expect(second).toEqual(first);
    const computed = await tuned.network.frozen(sequence);
    expect(relativeDifference(second.data, computed.data)).toBeLessThan(TOLERANCE);
  });

  test('scores with and without kept features, in the order asked for', async () => {
    const features = featuresIn(newFolder(), tuned);
    const functions = [[1, 2, 3], [30], [5, 6, 7, 8, 9, 10, 11, 12], [2, 1], [1, 2, 3]];
    const { head } = tuned.judgement;
    const expected = new Float64Array(2 * functions.length);
    for (const [i, ids] of functions.entries()) {
      expected.set(await logitsOf(tuned, sequenceOf([ids])), 2 * i);
    }
    for (const tokensPerBatch of [1, 4, 100]) {
      const plain = await scoreFunctions(tuned.network, head, functions, { tokensPerBatch });
      expect(relativeDifference(plain.data, expected)).toBeLessThan(TOLERANCE);
      const kept = await scoreFunctions(tuned.network, head, functions, { tokensPerBatch, features });
      expect(relativeDifference(kept.data, expected)).toBeLessThan(TOLERANCE);
    }
  });
});

test('training changes the logits but not what is frozen', async () => {
  const tuned = await tiny(1, { last: 1 });
  const { network, parameters } = tuned;
  const sequence = sequenceOf([[1, 2, 3]]);
  const before = (await network.frozen(sequence)).data.slice();
  const logits = await logitsOf(tuned, sequence);
  for (const { data } of parameters.values()) data.fill(0.5);
  expect((await network.frozen(sequence)).data).toEqual(before);
  expect(await logitsOf(tuned, sequence)).not.toEqual(logits);
});

test('progress counts every function and token; an aborted signal stops between batches', async () => {
  const { network, judgement } = await tiny(1, 'all');
  const { head } = judgement;
  const seen: [number, number][] = [];
  const stop = new AbortController();
  const scoring = scoreFunctions(network, head, [[1, 2], [3], [4, 5, 6]], {
    tokensPerBatch: 3,
    signal: stop.signal,
    onProgress: ({ functions, tokens }) => {
      seen.push([functions, tokens]);
      if (functions === 3) stop.abort();
    },
  });
  await scoring;
  expect(seen).toEqual([
    [1, 3],
    [3, 6],
  ]);
  await expect(
    scoreFunctions(network, head, [[1]], { tokensPerBatch: 3, signal: stop.signal }),
  ).rejects.toMatchObject({ name: 'AbortError' });
});
