/** @file Encoders in the network: packed as alone, gradients, the pruned last block, and what is not shared. */
import { afterAll, describe, expect, test } from 'vitest';
import type { AdapterParameters } from '../../../src/adapters/adapter-parameters.ts';
import { hiddenStates } from '../../../src/heads/hidden-states.ts';
import type { Pooling } from '../../../src/model/spec.ts';
import { scoreFunctions } from '../../../src/network/score-functions.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import {
  logitsOf,
  relativeDifference,
  stepGroups,
  type TinyFunction,
  together,
} from '../../support/network-step.ts';
import { packedEqualsAlone, TOLERANCE } from '../../support/packed-equals-alone.ts';
import {
  ENCODER_CONFIGS,
  ENCODER_NAMES,
  type EncoderName,
  makeModel,
  type TinyNetwork,
  tinyNetwork,
} from '../../support/tiny-model.ts';

const POOLINGS: readonly Pooling[] = ['first', 'mean'];
const CASES = ENCODER_NAMES.flatMap((name) => POOLINGS.map((pooling) => [name, pooling] as const));

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

async function keep(network: Promise<TinyNetwork>): Promise<TinyNetwork> {
  made.push(await network);
  return network;
}

const networkOf = (name: EncoderName, options: Parameters<typeof tinyNetwork>[1] = {}) =>
  keep(tinyNetwork(makeModel(ENCODER_CONFIGS[name]), options));

/** Of the largest entry: BERT's norms lie behind its sums, and raise what rounds there (3.04e-5 at most with AVX2, 1e-5 with AVX-512). */
const ENCODER_TOLERANCE = 5e-5;

describe.each(CASES)('packed = alone: %s, pooling %s', (name, pooling) => {
  test.each([1, Number.POSITIVE_INFINITY])(
    '%d blocks a graph: logits, loss, gradients',
    async (blocksPerStage) => {
      const reference = await networkOf(name, { pooling });
      const cut = await networkOf(name, { pooling, blocksPerStage });
      for (const dropout of [0, 0.3]) {
        await packedEqualsAlone(cut, reference, { dropout, numRuns: 3, tolerance: ENCODER_TOLERANCE });
      }
    },
  );
});

/** Small enough for central differences, with every part that the larger ones have. */
const smallest = (name: EncoderName) =>
  makeModel({
    ...ENCODER_CONFIGS[name],
    vocab_size: 12,
    hidden_size: 8,
    intermediate_size: 6,
    num_attention_heads: 2,
    local_attention: 2,
  });

describe.each(CASES)('gradients: %s, pooling %s', (name, pooling) => {
  const functions: TinyFunction[] = [
    { ids: [3, 5, 2, 7], target: 1, weight: 3 },
    { ids: [4], target: 0, weight: 0.5 },
  ];
  /** Small enough for the third derivative not to show, large enough for float64's rounding not to. */
  const STEP = 1e-5;

  test('every one is the central difference of the loss in float64', async () => {
    const model = smallest(name);
    const options = { pooling, lora: { rank: 1 } };
    const { parameters } = await keep(tinyNetwork(model, options));
    const precise = new Map(
      [...parameters].map(([key, { shape, data }]) => [
        key,
        hostTensor('float64', shape, Float64Array.from(data)),
      ]),
    );
    // The interpreter takes float64 where ONNX Runtime would want float32.
    const tiny = await tinyNetwork(model, {
      ...options,
      parameters: precise as never as AdapterParameters,
      backend: referenceBackend(),
    });
    const run = () => stepGroups(tiny, functions, together(functions), { dropout: 0.3 });
    const { gradients } = await run();
    for (const [key, { data }] of precise) {
      // The first and the last element of each tensor: all of a head's dense layer takes long.
      const places = [...new Set([0, data.length - 1])];
      const expected = Float64Array.from(gradients.get(key)!);
      for (const i of places) {
        const center = data[i]!;
        data[i] = center + STEP;
        const above = (await run()).loss;
        data[i] = center - STEP;
        expected[i] = (above - (await run()).loss) / (2 * STEP);
        data[i] = center;
      }
      expect(Math.max(...expected.map(Math.abs)), key).toBeGreaterThan(0);
      expect(relativeDifference(gradients.get(key)!, expected), key).toBeLessThan(1e-6);
    }
  });
});

describe.each(ENCODER_NAMES)('%s', (name) => {
  test('a token sees those behind it, as far as the attention reaches', async () => {
    const { network } = await networkOf(name, { adapted: [] });
    const first = async (ids: readonly number[]) =>
      (await network.logits(packSequence([ids]), hiddenStates)).data.slice(0, 16);
    const [ids, other] = [
      [5, 6, 7, 8, 9],
      [5, 6, 7, 8, 10],
    ];
    expect(relativeDifference(await first(other), await first(ids))).toBeGreaterThan(1e-4);
  });

  test('functions that begin alike are scored as each alone', async () => {
    const tiny = await networkOf(name);
    const beginning = Array.from({ length: 20 }, (_, i) => 2 + ((i * 7) % 38));
    const functions = [
      [...beginning, 3, 4],
      [...beginning, 9],
      [...beginning, 30, 31, 32],
    ];
    const { data } = await scoreFunctions(tiny.network, tiny.judgement.head, functions, {
      tokensPerBatch: 512,
    });
    const expected: number[] = [];
    for (const ids of functions) expected.push(...(await logitsOf(tiny, packSequence([ids]))));
    expect(relativeDifference(data, expected)).toBeLessThan(TOLERANCE);
  });

  test('a sequence with shared beginnings is our own mistake', async () => {
    const { network, judgement } = await networkOf(name);
    const ids = Array.from({ length: 20 }, (_, i) => 2 + i);
    const shared = packSequence(
      [
        [...ids, 3],
        [...ids, 4],
      ],
      { packing: 'isolated', sharePrefixes: true },
    );
    await expect(network.logits(shared, judgement.head)).rejects.toThrow('causal');
  });
});

test('ModernBERT: one sliding layer shows a token nothing beyond half of local_attention', async () => {
  // Layer 0 sees everything; types say that here it does not.
  const config = {
    ...ENCODER_CONFIGS.modernbert,
    num_hidden_layers: 1,
    layer_types: ['sliding_attention'],
  };
  const { network } = await keep(tinyNetwork(makeModel(config), { adapted: [] }));
  const first = async (changed: number) => {
    const ids = [5, 6, 7, 8, 9, 10, 11].with(changed, 20);
    return (await network.logits(packSequence([ids]), hiddenStates)).data.slice(0, 16);
  };
  // Three tokens to each side, inclusive: positions 4, 5 and 6 are out of sight of position 0.
  const unchanged = await first(6);
  expect(await first(5)).toEqual(unchanged);
  expect(await first(4)).toEqual(unchanged);
  expect(relativeDifference(await first(3), unchanged)).toBeGreaterThan(1e-4);
});
