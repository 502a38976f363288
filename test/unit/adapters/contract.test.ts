/** @file What holds for every kind of adapter, whatever it trains. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type AdapterParameters, firstParameters } from '../../../src/adapters/adapter-parameters.ts';
import { loadAdapter, readAdapterHeader, writeAdapter } from '../../../src/adapters/files/adapter-files.ts';
import { type LoraOptions, selectedLayers } from '../../../src/adapters/lora-plan.ts';
import { mergedWeights } from '../../../src/adapters/merged-weights.ts';
import { classifierJudgement } from '../../../src/tasks/classify.ts';
import { adamWStep, zerosLike } from '../../../src/training/adamw.ts';
import { loadState, saveState } from '../../../src/training/checkpoints.ts';
import { copyParameters, initialState, type TrainerState } from '../../../src/training/trainer-state.ts';
import { ADAPTER_KINDS } from '../../support/adapter-kinds.ts';
import { alone, logitsOf, relativeDifference, sequenceOf, stepGroups } from '../../support/network-step.ts';
import {
  loraDefaults,
  makeModel,
  openFixture,
  type TinyModel,
  type TinyNetwork,
  tinyConfig,
  tinyNetwork,
} from '../../support/tiny-model.ts';
import { runToy } from '../../support/toy-training.ts';
import { withWeights } from '../../support/with-weights.ts';

/** With biases on q, k and v; and a model whose matrices are stored [in, out], with an embedding of positions. */
const MODELS: Readonly<Record<string, () => Promise<TinyModel>>> = {
  qwen2: async () => makeModel(tinyConfig({ model_type: 'qwen2' })),
  gpt2: () => openFixture('gpt2'),
};

const GPT2_NAMES: Readonly<Record<string, Partial<LoraOptions>>> = {
  'LoRA in parts': {
    targetModules: ['c_attn', 'c_fc'],
    excludeModules: ['h.1.attn.c_attn'],
    layers: [1],
    rankPattern: { c_fc: 1 },
    alphaPattern: { c_fc: 1 },
  },
  'LoRA with modules': { modulesToSave: ['ln_1', 'h.0.mlp.c_fc', 'ln_f', 'wpe'] },
};

const FUNCTIONS = [[3, 1, 4, 1, 5], [9], [2, 6, 5, 3, 5, 8, 9, 7]].map(
  (ids, i) => ({ ids, target: i % 2 === 0 ? 1 : 0, weight: 1 }) as const,
);
const SEQUENCE = sequenceOf(FUNCTIONS.map(({ ids }) => ids));

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

const keep = async (network: Promise<TinyNetwork>): Promise<TinyNetwork> => {
  made.push(await network);
  return network;
};

describe.each(Object.keys(MODELS))('%s', (family) => {
  describe.each(ADAPTER_KINDS)('$name', ({ name, lora: ofKind }) => {
    const lora = { ...ofKind, ...(family === 'gpt2' ? GPT2_NAMES[name] : {}) };
    const options = { ...loraDefaults, ...lora };

    /** As a training begins, in the numbers that it would begin with. */
    async function fresh() {
      const tiny = await MODELS[family]!();
      const network = await keep(tinyNetwork(tiny, { lora, blocksPerStage: 1 }));
      const { adapted, whole, judgement } = network;
      const parameters = await firstParameters({ adapted, whole, head: judgement.head }, 1, (base) =>
        tiny.weights.get(base),
      );
      for (const [key, { data }] of network.parameters) data.set(parameters.get(key)!.data);
      return { tiny, ...network };
    }

    test('begins as the base model', async () => {
      const { tiny, ...network } = await fresh();
      const bare = await keep(tinyNetwork(tiny, { lora: { targetModules: 'none' } }));
      for (const [key, { data }] of bare.parameters) data.set(network.parameters.get(key)!.data);
      const expected = await logitsOf(bare, SEQUENCE);
      expect(relativeDifference(await logitsOf(network, SEQUENCE), expected)).toBeLessThan(1e-5);
    });

    test('a step moves what is named, and nothing of the base model', async () => {
      const { tiny, ...network } = await fresh();
      const before = copyParameters(network.parameters);
      const names = network.whole.map(({ fullName }) => fullName);
      const base = await Promise.all(
        [...names, ...network.adapted.map(({ name: matrix }) => `${matrix}.weight`)].map(
          async (weight) => [weight, (await tiny.weights.get(weight)).data.slice()] as const,
        ),
      );
      const { gradients } = await stepGroups(network, FUNCTIONS, alone(FUNCTIONS));
      const zero = { firstMoment: zerosLike(before), secondMoment: zerosLike(before), step: 0 };
      const adamw = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
      adamWStep(network.parameters, gradients, zero, 0.01, adamw);
      const moved = [...network.parameters].filter(([key, { data }]) =>
        data.some((value, i) => value !== before.get(key)!.data[i]),
      );
      // A tensor before a zero one has no gradient at first: A before B, both sides before the values.
      const still = [...before.keys()].filter((key) => !moved.some(([other]) => other === key));
      expect(still.filter((key) => !/\.lora_[AB]/.test(key))).toEqual([]);
      expect(moved.length).toBeGreaterThan(0);
      for (const [weight, values] of base) expect((await tiny.weights.get(weight)).data).toEqual(values);
    });

    test('merged into the base model it says the same', async () => {
      const tiny = await MODELS[family]!();
      const network = await keep(tinyNetwork(tiny, { lora, blocksPerStage: 1 }));
      const merged = await mergedWeights(network, network.parameters, (weight) => tiny.weights.get(weight));
      const changed = withWeights(tiny.weights, merged);
      const plain = await keep(
        tinyNetwork({ ...tiny, weights: changed }, { lora: { targetModules: 'none' } }),
      );
      for (const [key, { data }] of plain.parameters) data.set(network.parameters.get(key)!.data);
      const expected = await logitsOf(network, SEQUENCE);
      expect(relativeDifference(await logitsOf(plain, SEQUENCE), expected)).toBeLessThan(1e-5);
    });

    test('written and read it says the same', async () => {
      const tiny = await MODELS[family]!();
      const network = await keep(tinyNetwork(tiny, { lora, blocksPerStage: 1 }));
      const folder = mkdtempSync(join(tmpdir(), 'vultune-kinds-'));
      try {
        await writeAdapter(folder, {
          model: tiny.model,
          config: { lora: options, baseModel: '../base', revision: undefined },
          layers:
            options.layers === 'all' ? undefined : selectedLayers(options.layers, tiny.model.layers.length),
          whole: network.whole,
          parameters: network.parameters,
          settings: {
            formatVersion: 1,
            threshold: 0.5,
            maxLength: 64,
            longFunctions: 'truncate',
            pooling: 'last',
            baseFingerprint: '',
            data: {},
          },
        });
        const { head } = classifierJudgement(tiny.model, 'last');
        const loaded = await loadAdapter(readAdapterHeader(folder), tiny.model, head);
        expect(loaded.adapted.map(({ name: matrix }) => matrix)).toEqual(
          network.adapted.map(({ name: matrix }) => matrix),
        );
        const again = await keep(tinyNetwork(tiny, { ...loaded, blocksPerStage: 1 }));
        const expected = await logitsOf(network, SEQUENCE);
        expect(await logitsOf(again, SEQUENCE)).toEqual(expected);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test('resumed from any checkpoint it goes on to the same bits', async () => {
      const network = await fresh();
      const start = copyParameters(network.parameters);
      const put = (values: AdapterParameters) => {
        for (const [key, { data }] of network.parameters) data.set(values.get(key)!.data);
      };
      const folder = mkdtempSync(join(tmpdir(), 'vultune-kinds-'));
      const train = (state: TrainerState, onSave?: (saved: TrainerState) => Promise<void>) =>
        runToy({
          toy: network,
          state,
          options: { epochs: 1, maxSteps: 3, dropout: 0.2, ranks: lora.adalora },
          decisive: (evaluation) => evaluation,
          ...(onSave === undefined ? {} : { onSave }),
        });
      try {
        const saved: string[] = [];
        const { state: end, parameters } = await train(initialState(network.parameters), async (state) => {
          saved.push(join(folder, `${saved.length}`));
          await saveState(saved.at(-1)!, state);
        });
        const { firstMoment, secondMoment } = end.optimizer;
        expect(end.step).toBe(3);
        expect(
          [...parameters].some(([key, { data }]) => data.some((v, i) => v !== start.get(key)!.data[i])),
        ).toBe(true);
        const moments = structuredClone([firstMoment, secondMoment, end.ranks]);
        // The last one is of the finished run.
        for (const checkpoint of saved.slice(0, -1)) {
          put(start);
          const { state } = (await loadState(checkpoint, network.parameters))!;
          put(state.parameters);
          const again = await train({ ...state, parameters: network.parameters });
          expect(again.parameters, checkpoint).toEqual(parameters);
          const { optimizer, ranks } = again.state;
          expect([optimizer.firstMoment, optimizer.secondMoment, ranks]).toEqual(moments);
        }
        expect(saved.length).toBeGreaterThan(2);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
});
