import { expect, test } from 'vitest';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import { symbolsOf } from '../../../src/graph/dim.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import type { Activations } from '../../../src/network/keep-policies.ts';
import { StagePrograms } from '../../../src/network/stage-programs.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { float32 } from '../../../src/weights/float32.ts';
import { loraDefaults, makeModel, tinyConfig } from '../../support/tiny-model.ts';

const { model } = makeModel(tinyConfig());

/** Never runs anything: the graphs are what is looked at. */
const looking: Backend = {
  name: 'looking',
  device: 'cpu',
  compile: async (graph) => ({ graph, run: async () => ({}), rest: async () => {}, release: async () => {} }),
};

async function split(activations: Activations) {
  const programs = new StagePrograms(
    { model, adapted: planLora(model, loraDefaults), format: float32 },
    looking,
  );
  const spec = {
    layers: [0],
    head: undefined,
    dropout: 0.1,
    queryChunks: 1,
    sharesPrefixes: false,
  } as const;
  const { forward, backward, kept } = await programs.split(spec, activations, 'adapters and x');
  return { forward: forward.graph, backward: backward.graph, kept: new Set(kept) };
}

const products = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'matmul' || op === 'gemm').length;
const isScore = (shape: readonly (string | number)[]) => symbolsOf(shape.at(-1)!).length > 0;
const keptScores = ({ forward, kept }: Awaited<ReturnType<typeof split>>) =>
  forward.outputs.filter(({ name, value }) => kept.has(name) && isScore(value.shape));

test('recompute keeps nothing, products the products that are not scores, keep the most', async () => {
  const [keep, some, none] = [await split('keep'), await split('products'), await split('recompute')];
  expect(none.kept.size).toBe(0);
  expect(some.kept.size).toBeGreaterThan(0);
  expect(keep.kept.size).toBeGreaterThan(some.kept.size);
  expect(keptScores(keep).length).toBeGreaterThan(0);
  expect(keptScores(some)).toEqual([]);
  // Scores are the one product that is computed twice; without keeping, every product of the forward pass is.
  expect(products(some.backward) - products(keep.backward)).toBe(1);
  expect(products(none.backward)).toBeGreaterThan(products(some.backward) + 10);
});

test('what dropout chose is kept, a byte each, and not hashed again', async () => {
  for (const activations of ['keep', 'products'] as const) {
    const { backward } = await split(activations);
    expect(backward.nodes.filter(({ op }) => op === 'bitXor')).toEqual([]);
  }
});

test('the forward graph computes the same, whatever is kept', async () => {
  const ops = async (activations: Activations) =>
    (await split(activations)).forward.nodes.map(({ op }) => op);
  expect(await ops('keep')).toEqual(await ops('recompute'));
});
