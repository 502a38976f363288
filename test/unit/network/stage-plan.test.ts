import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import { chooseCut } from '../../../src/network/choose-cut.ts';
import { firstTrainedLayer, planStages } from '../../../src/network/stage-plan.ts';
import { loraDefaults, makeModel, tinyConfig } from '../../support/tiny-model.ts';

const model = (layers: number) => makeModel(tinyConfig({ num_hidden_layers: layers })).model;
const modulesOf = (layerCount: number, layers: readonly number[]) =>
  layers.length === 0 ? [] : planLora(model(layerCount), { ...loraDefaults, layers });

describe('planStages, by hand', () => {
  test.each([
    ['all trained, a block a graph', 3, [0, 1, 2], 1, { frozen: [], trained: [[0], [1]], last: [2] }],
    ['two a graph', 5, [0, 1, 2, 3, 4], 2, { frozen: [], trained: [[0], [1, 2]], last: [3, 4] }],
    [
      'one graph of everything trained',
      4,
      [2, 3],
      Number.POSITIVE_INFINITY,
      { frozen: [[0, 1]], trained: [], last: [2, 3] },
    ],
    ['the last two', 4, [2, 3], 1, { frozen: [[0], [1]], trained: [[2]], last: [3] }],
    ['frozen ones in groups', 6, [5], 2, { frozen: [[0], [1, 2], [3, 4]], trained: [], last: [5] }],
    [
      'a list with gaps: above its first all are trained',
      4,
      [1],
      1,
      {
        frozen: [[0]],
        trained: [[1], [2]],
        last: [3],
      },
    ],
    [
      'the head alone: everything but the last layer is frozen',
      3,
      [],
      1,
      {
        frozen: [[0], [1]],
        trained: [],
        last: [2],
      },
    ],
    [
      'a last stage larger than what is trained',
      4,
      [3],
      3,
      {
        frozen: [[0, 1, 2]],
        trained: [],
        last: [3],
      },
    ],
  ])('%s', (_name, layerCount, layers, blocks, plan) => {
    expect(planStages(modulesOf(layerCount, layers), layerCount, blocks)).toEqual(plan);
  });
});

test('every layer once and in order, stages no larger than asked, frozen ones below all adapters', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }).chain((layerCount) =>
        fc.record({
          layerCount: fc.constant(layerCount),
          layers: fc.uniqueArray(fc.integer({ min: 0, max: layerCount - 1 })),
          blocks: fc.constantFrom(1, 2, 3, 100, Number.POSITIVE_INFINITY),
        }),
      ),
      ({ layerCount, layers, blocks }) => {
        const modules = modulesOf(layerCount, layers);
        const { frozen, trained, last } = planStages(modules, layerCount, blocks);
        const all = Array.from({ length: layerCount }, (_, layer) => layer);
        expect([...frozen, ...trained, last].flat()).toEqual(all);
        for (const stage of [...frozen, ...trained, last]) {
          expect(stage.length).toBeGreaterThan(0);
          expect(stage.length).toBeLessThanOrEqual(blocks);
        }
        const first = firstTrainedLayer(modules, layerCount);
        expect(first).toBe(layers.length === 0 ? layerCount - 1 : Math.min(...layers));
        expect(frozen.flat().every((layer) => layer < first)).toBe(true);
        expect(frozen.flat()).toHaveLength(first);
      },
    ),
  );
});

describe('chooseCut', () => {
  const auto = { cut: 'auto', blocksPerGraph: 2, activations: 'auto', device: 'cpu' } as const;

  test('what is asked for is done, whatever the device', () => {
    for (const device of ['cpu', 'cuda'] as const) {
      expect(chooseCut({ ...auto, device, cut: 'block' }).blocksPerStage).toBe(2);
      expect(chooseCut({ ...auto, device, cut: 'graph' }).blocksPerStage).toBe(Number.POSITIVE_INFINITY);
    }
    expect(chooseCut({ ...auto, activations: 'keep' }).activations).toBe('keep');
  });

  test('left to us: blocks on the CPU, one graph where nothing may travel', () => {
    expect(chooseCut(auto)).toEqual({ blocksPerStage: 2, activations: 'products' });
    expect(chooseCut({ ...auto, device: 'webgpu' }).blocksPerStage).toBe(Number.POSITIVE_INFINITY);
  });
});
