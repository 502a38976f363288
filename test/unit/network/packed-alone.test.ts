import { afterAll, describe, expect, test } from 'vitest';
import { classifier } from '../../../src/heads/classifier.ts';
import type { Pooling } from '../../../src/model/spec.ts';
import type { Activations } from '../../../src/network/keep-policies.ts';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { weightFormatNamed } from '../../../src/weights/registry.ts';
import { ADAPTER_KINDS } from '../../support/adapter-kinds.ts';
import { SECOND_OF_THREE_CWES } from '../../support/cwe-objective.ts';
import {
  alone,
  logitsOf,
  relativeDifference,
  type StepTensors,
  sequenceOf,
  stepGroups,
  worstDifference,
} from '../../support/network-step.ts';
import { packedEqualsAlone, TOLERANCE } from '../../support/packed-equals-alone.ts';
import {
  fixtureNetwork,
  inFormat,
  makeModel,
  PACKED_FIXTURES,
  type TinyNetwork,
  tinyConfig,
  tinyNetwork,
} from '../../support/tiny-model.ts';

/** Four layers with biases, of which the upper two see 5 tokens back: two kinds of block, and every mask. */
const windowed = makeModel(
  tinyConfig({ model_type: 'qwen2', use_sliding_window: true, sliding_window: 5, max_window_layers: 2 }),
);

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

async function keep(network: Promise<TinyNetwork>): Promise<TinyNetwork> {
  made.push(await network);
  return network;
}

describe.each<Pooling>(['last', 'mean'])('packed = alone, pooling %s: logits, loss, gradients', (pooling) => {
  const reference = keep(tinyNetwork(windowed, { pooling }));

  // What is kept between forward and backward is a question only where graphs are cut.
  test.each<[number, Activations]>([
    [1, 'keep'],
    [1, 'products'],
    [1, 'recompute'],
    [2, 'keep'],
    [2, 'recompute'],
    [3, 'products'],
    [Number.POSITIVE_INFINITY, 'products'],
  ])('%d blocks a graph, %s', async (blocksPerStage, activations) => {
    const cut = await keep(tinyNetwork(windowed, { pooling, blocksPerStage, activations }));
    await packedEqualsAlone(cut, await reference, { dropout: 0.3, numRuns: 3 });
    // Without dropout the graphs are others; what is kept of them is asked above.
    if (activations === 'products') await packedEqualsAlone(cut, await reference, { dropout: 0, numRuns: 3 });
  });
});

test.each<Pooling>(['last', 'mean'])('packed = alone with a CWE head, pooling %s', async (pooling) => {
  const head = classifier(windowed.model, { classes: 2, pooling, cweClasses: 3 });
  const cut = await keep(tinyNetwork(windowed, { pooling, head, blocksPerStage: 1 }));
  const reference = await keep(tinyNetwork(windowed, { pooling, head }));
  await packedEqualsAlone(cut, reference, { dropout: 0.3, numRuns: 3, objective: SECOND_OF_THREE_CWES });
});

test.each(PACKED_FIXTURES)('packed = alone: %s', async (name) => {
  const cut = await keep(fixtureNetwork(name, { blocksPerStage: 1 }));
  const reference = await keep(fixtureNetwork(name));
  await packedEqualsAlone(cut, reference, { dropout: 0, numRuns: 4 });
});

/**
 * Products in integers are bit for bit the same for a row in any company (test/unit/weights/formats.test.ts). What float32 sums in
 * another order around them, attention and LoRA, may move what is rounded over the middle between two steps: by a step of a row.
 */
test.each([
  ['int8', 0.02],
  ['int8-exact', 5e-4],
  ['int8-dequantised', TOLERANCE],
  ['nf4', TOLERANCE],
  ['fp4-double-quant', TOLERANCE],
  ['as-stored', TOLERANCE],
] as const)('packed = alone: weights in %s', async (name, tolerance) => {
  const held = inFormat(windowed, weightFormatNamed(name)!);
  const cut = await keep(tinyNetwork(held, { blocksPerStage: 1, activations: 'keep' }));
  const reference = await keep(tinyNetwork(held));
  await packedEqualsAlone(cut, reference, { dropout: 0.3, numRuns: 2, tolerance });
});

describe.each(ADAPTER_KINDS)('packed = alone under $name', ({ lora }) => {
  test.each([0, 0.3])('dropout %d', async (dropout) => {
    const cut = await keep(tinyNetwork(windowed, { lora, blocksPerStage: 1 }));
    const reference = await keep(tinyNetwork(windowed, { lora }));
    await packedEqualsAlone(cut, reference, { dropout, numRuns: 2 });
  });

  test.each([undefined, 0.3])('beginnings laid out once, dropout %d', async (dropout) => {
    const options = dropout === undefined ? {} : { dropout };
    const base = Array.from({ length: 40 }, (_, i) => (7 * i + 3) % 40);
    const functions = [base, [...base.slice(0, 20), 1, 2], base.slice(0, 20)].map(
      (ids) => ({ ids, target: 1, weight: 1 }) as const,
    );
    const tiny = await keep(tinyNetwork(windowed, { lora, blocksPerStage: 1 }));
    const expected = await stepGroups(tiny, functions, alone(functions), options);
    const found = await stepGroups(tiny, functions, [[0, 1, 2]], { ...options, sharePrefixes: true });
    const { name, error } = worstDifference(found, expected);
    expect(error, name).toBeLessThan(TOLERANCE);
  });
});

test('a function drops the same wherever it stands, and as often as it is there', async () => {
  const cut = await keep(tinyNetwork(windowed, { blocksPerStage: 1 }));
  const function_ = { ids: [3, 1, 4, 1, 5], target: 1, weight: 1 } as const;
  const other = { ids: [3, 1, 4, 2], target: 0, weight: 1 } as const;
  const all = [function_, other, function_];
  const dropped = await stepGroups(cut, all, [[0, 1, 2]], { dropout: 0.5 });
  const plain = await stepGroups(cut, all, [[0, 1, 2]]);
  const row = ({ logits }: StepTensors, index: number) => logits.subarray(2 * index, 2 * index + 2);
  expect(relativeDifference(row(dropped, 2), row(dropped, 0))).toBeLessThan(TOLERANCE);
  expect(relativeDifference(row(dropped, 0), row(plain, 0))).toBeGreaterThan(1e-3);
  const apart = await stepGroups(cut, all, [[1], [2], [0]], { dropout: 0.5 });
  expect(worstDifference(apart, dropped).error).toBeLessThan(TOLERANCE);
});

describe('rows so long that attention is cut into chunks of queries', () => {
  // Behind each other: no chunks, two and four of them; and more positions than the rotary table begins with.
  const functions = [100, 128, 131, 257, 520].map((length, i) => {
    const ids = Array.from({ length }, (_, position) => (position * (i + 3) + i) % 40);
    return { ids, target: i % 2 === 0 ? 1 : 0, weight: 1 } as const;
  });
  const model = makeModel(
    tinyConfig({
      model_type: 'qwen2',
      num_hidden_layers: 2,
      use_sliding_window: true,
      sliding_window: 40,
      max_window_layers: 1,
      max_position_embeddings: 1024,
    }),
  );

  test.each<[number, Activations, Pooling]>([
    [1, 'keep', 'last'],
    [1, 'products', 'mean'],
    [Number.POSITIVE_INFINITY, 'products', 'last'],
  ])('%d blocks a graph, %s, pooling %s', async (blocksPerStage, activations, pooling) => {
    const tiny = await keep(tinyNetwork(model, { blocksPerStage, activations, pooling }));
    const expected = await stepGroups(tiny, functions, alone(functions), { dropout: 0.1 });
    for (const groups of [[[0, 1, 2, 3, 4]], [[0, 1], [3, 2], [4]], [[1, 0], [2], [4, 3]]]) {
      const found = await stepGroups(tiny, functions, groups, { dropout: 0.1 });
      const { name, error } = worstDifference(found, expected);
      expect(error, name).toBeLessThan(TOLERANCE);
    }
    const padded = await stepGroups(
      tiny,
      functions,
      [
        [0, 1, 2],
        [3, 4],
      ],
      {
        dropout: 0.1,
        packing: 'none',
        extraPadding: 3,
      },
    );
    expect(worstDifference(padded, expected).error).toBeLessThan(TOLERANCE);
    // Scoring runs other graphs than training does.
    const plain = await stepGroups(tiny, functions, alone(functions));
    const logits = await logitsOf(tiny, sequenceOf(functions.map(({ ids }) => ids)));
    expect(relativeDifference(logits, plain.logits)).toBeLessThan(TOLERANCE);
  });

  test('as the float64 interpreter has it, which needs no chunks to be right', async () => {
    const short = functions.slice(0, 4);
    const tiny = await keep(tinyNetwork(model, { blocksPerStage: 1, pooling: 'mean' }));
    const exact = await tinyNetwork(model, { pooling: 'mean', backend: referenceBackend() });
    const expected = await stepGroups(exact, short, alone(short));
    const { name, error } = worstDifference(await stepGroups(tiny, short, [[0, 1, 2, 3]]), expected);
    expect(error, name).toBeLessThan(2 * TOLERANCE);
  });
});

test('scoring gives the logits of a step without dropout, in every cut', async () => {
  const functions = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11]].map(
    (ids) => ({ ids, target: 1, weight: 1 }) as const,
  );
  for (const blocksPerStage of [1, 3, Number.POSITIVE_INFINITY]) {
    for (const layers of ['all', { last: 1 }] as const) {
      const tiny = await keep(tinyNetwork(windowed, { blocksPerStage, lora: { layers } }));
      const expected = await stepGroups(tiny, functions, alone(functions));
      const logits = await logitsOf(tiny, sequenceOf(functions.map(({ ids }) => ids)));
      expect(relativeDifference(logits, expected.logits)).toBeLessThan(TOLERANCE);
    }
  }
});

test('blocks of other ranks and scales do not share graphs', async () => {
  const functions = [
    [1, 2, 3],
    [4, 5],
  ].map((ids) => ({ ids, target: 1, weight: 1 }) as const);
  const lora = {
    // Layers 1 and 2 differ in a scale alone, 2 and 3 in a rank; first and last layer never share.
    rankPattern: { 'layers.3.mlp.up_proj': 3 },
    alphaPattern: { 'layers.1.self_attn.q_proj': 40 },
    targetModules: ['q_proj', 'up_proj'],
  };
  const equal = makeModel(tinyConfig({ num_hidden_layers: 5 }));
  const byBlock = await keep(tinyNetwork(equal, { blocksPerStage: 1, lora }));
  const whole = await keep(tinyNetwork(equal, { lora }));
  const expected = await stepGroups(whole, functions, alone(functions));
  const found = await stepGroups(byBlock, functions, alone(functions));
  expect(worstDifference(found, expected).error).toBeLessThan(TOLERANCE);
});

describe('functions that begin alike, their beginnings laid out once', () => {
  const base = Array.from({ length: 150 }, (_, i) => (7 * i + 3) % 40);
  // A fix that changes the end, one that changes the middle, a function that is the whole beginning of another, twins.
  const functions = [
    base,
    [...base.slice(0, 60), 1, 2, 3, ...base.slice(60, 140)],
    base.slice(0, 60),
    base,
    [...base.slice(0, 60), 1, 2, 9],
    [5, 4, 3],
  ].map((ids, i) => ({ ids, target: i % 2 === 0 ? 1 : 0, weight: 1 + i }) as const);
  const everything = [functions.map((_, i) => i)];

  test.each<[number, Pooling]>([
    [1, 'last'],
    [1, 'mean'],
    [Number.POSITIVE_INFINITY, 'last'],
  ])('%d blocks a graph, pooling %s: as each alone', async (blocksPerStage, pooling) => {
    const tiny = await keep(tinyNetwork(windowed, { blocksPerStage, pooling }));
    const expected = await stepGroups(tiny, functions, alone(functions));
    const found = await stepGroups(tiny, functions, everything, { sharePrefixes: true });
    const { name, error } = worstDifference(found, expected);
    expect(error, name).toBeLessThan(TOLERANCE);
    const ids = functions.map((one) => one.ids);
    const logits = await logitsOf(tiny, sequenceOf(ids, { sharePrefixes: true }));
    expect(relativeDifference(logits, expected.logits)).toBeLessThan(TOLERANCE);
  });

  test.each<[number, Activations, Pooling]>([
    [1, 'keep', 'mean'],
    [1, 'products', 'last'],
    [1, 'recompute', 'last'],
    [Number.POSITIVE_INFINITY, 'products', 'mean'],
  ])(
    'with dropout, %d blocks a graph, %s, pooling %s: as each alone',
    async (blocksPerStage, activations, pooling) => {
      const tiny = await keep(tinyNetwork(windowed, { blocksPerStage, activations, pooling }));
      const expected = await stepGroups(tiny, functions, alone(functions), { dropout: 0.3 });
      for (const groups of [
        everything,
        [
          [5, 0],
          [4, 3, 2, 1],
        ],
      ]) {
        const found = await stepGroups(tiny, functions, groups, { sharePrefixes: true, dropout: 0.3 });
        const { name, error } = worstDifference(found, expected);
        expect(error, name).toBeLessThan(TOLERANCE);
      }
      // Something is dropped.
      const plain = await stepGroups(tiny, functions, everything, { sharePrefixes: true });
      expect(worstDifference(plain, expected).error).toBeGreaterThan(1e-2);
    },
  );
});
