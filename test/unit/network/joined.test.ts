import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { pooledStates } from '../../../src/heads/classifier.ts';
import { hiddenStates } from '../../../src/heads/hidden-states.ts';
import type { Pooling } from '../../../src/model/spec.ts';
import type { Activations } from '../../../src/network/keep-policies.ts';
import { requireJoinable } from '../../../src/network/require-joinable.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { weightFormatNamed } from '../../../src/weights/registry.ts';
import { ADAPTER_KINDS } from '../../support/adapter-kinds.ts';
import {
  logitsOf,
  relativeDifference,
  type StepOptions,
  sequenceOf,
  stepGroups,
  together,
  worstDifference,
} from '../../support/network-step.ts';
import { TOLERANCE } from '../../support/packed-equals-alone.ts';
import {
  ENCODER_CONFIGS,
  FIXTURE_NAMES,
  fixtureFolder,
  inFormat,
  makeModel,
  openFixture,
  type TinyNetwork,
  type TinyNetworkOptions,
  tinyConfig,
  tinyNetwork,
} from '../../support/tiny-model.ts';

const SEPARATOR = 39;
const JOINED: StepOptions = { packing: 'joined', separator: SEPARATOR };

/** The upper two layers see 5 tokens back: two kinds of block, and every mask. */
const windowed = makeModel(
  tinyConfig({ model_type: 'qwen2', use_sliding_window: true, sliding_window: 5, max_window_layers: 2 }),
);
const learnedPositions = makeModel({
  model_type: 'gpt2',
  vocab_size: 40,
  n_embd: 16,
  n_layer: 2,
  n_head: 4,
  n_positions: 400,
});

const functionsOf = (...lengths: number[]) =>
  lengths.map((length, i) => {
    const ids = Array.from({ length }, (_, position) => (position * (i + 3) + i) % 39);
    return { ids, target: i % 2 === 0 ? 1 : 0, weight: [1, 3, 0.5][i % 3]! } as const;
  });
const short = functionsOf(7, 1, 12, 4);
const idsOf = (functions: readonly { readonly ids: number[] }[]) => functions.map(({ ids }) => ids);

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

async function network(model: typeof windowed, options: TinyNetworkOptions = {}): Promise<TinyNetwork> {
  const tiny = await tinyNetwork(model, options);
  made.push(tiny);
  return tiny;
}

/** The functions as one function of a network that packs them by themselves. */
const asOneText = (functions: readonly (readonly number[])[]) =>
  functions.flatMap((ids, i) => (i === 0 ? ids : [SEPARATOR, ...ids]));

// All lengths of rows: whole, in two, four and eight chunks of queries.
describe.each([
  ['a window above', windowed],
  ['learned positions', learnedPositions],
])('%s', (_name, model) => {
  test.each([[short], [functionsOf(60, 70, 10)], [functionsOf(100, 1, 157)], [functionsOf(90, 200, 95)]])(
    'joined functions are what the model makes of them as one text (%#)',
    async (functions) => {
      const tiny = await network(model, { adapted: [], blocksPerStage: 1 });
      const ids = idsOf(functions);
      const { data: whole } = await tiny.network.logits(packSequence([asOneText(ids)]), hiddenStates);
      const sequence = sequenceOf(ids, JOINED);
      const { data: hidden } = await tiny.network.logits(sequence, hiddenStates);
      expect(relativeDifference(hidden, whole)).toBeLessThan(TOLERANCE);
      // The pruned last block has one query per function.
      const { data: last } = await tiny.network.logits(sequence, pooledStates('last'));
      const D = model.model.hiddenSize;
      const ends = Array.from(sequence.layout.last, (token) =>
        Array.from(whole.subarray(Number(token) * D, (Number(token) + 1) * D)),
      );
      expect(ends).toHaveLength(functions.length);
      expect(relativeDifference(last, ends.flat())).toBeLessThan(TOLERANCE);
      const { data: mean } = await tiny.network.logits(sequence, pooledStates('mean'));
      const means = sequence.layout.flatTokens.flatMap((tokens) =>
        Array.from({ length: D }, (_, d) =>
          [...tokens].reduce((sum, token) => sum + whole[token * D + d]! / tokens.length, 0),
        ),
      );
      expect(relativeDifference(mean, means)).toBeLessThan(TOLERANCE);
    },
  );
});

// A whole text of these is longer than what their frequencies are defined for.
const BEYOND_LIMIT = ['llama-dynamic-rope', 'llama-longrope'];

test.each(FIXTURE_NAMES)('%s: joined, the last tokens and all tokens are as in PyTorch', async (name) => {
  const reference = await readAllSafetensors(resolve(fixtureFolder(name), 'io.safetensors'));
  const expected = reference.get('joined_hidden')?.data as Float32Array | undefined;
  const tiny = await openFixture(name);
  if (expected === undefined) {
    expect(() => requireJoinable({ spec: tiny.model, path: name }, 1)).toThrow(
      expect.objectContaining({ code: 'PACKING_UNSUPPORTED' }),
    );
    return;
  }
  const ids = Array.from(reference.get('input_ids')!.data, Number);
  const lengths = Array.from(reference.get('lengths')!.data, Number);
  const functions = lengths.map((length) => ids.splice(0, length));
  const { network: base } = await network(tiny, { adapted: [], blocksPerStage: 1 });
  const sequence = packSequence(functions, { packing: 'joined' });
  if (BEYOND_LIMIT.includes(name)) {
    const refusal = { code: 'SEQUENCE_TOO_LONG', where: { name: 'tokens_per_batch' } };
    await expect(base.logits(sequence, hiddenStates)).rejects.toMatchObject(refusal);
    return;
  }
  const { data: hidden } = await base.logits(sequence, hiddenStates);
  expect(hidden).toHaveLength(expected.length);
  expect(relativeDifference(hidden, expected)).toBeLessThan(1e-4);
  const { data: last } = await base.logits(sequence, pooledStates('last'));
  const D = tiny.model.hiddenSize;
  const ends = Array.from(sequence.layout.last, (token) =>
    Array.from(expected.subarray(Number(token) * D, (Number(token) + 1) * D)),
  );
  expect(relativeDifference(last, ends.flat())).toBeLessThan(1e-4);
});

describe.each<Pooling>(['last', 'mean'])(
  'in every cut the same logits, loss and gradients, pooling %s',
  (pooling) => {
    test.each<[number, Activations]>([
      [1, 'keep'],
      [1, 'products'],
      [1, 'recompute'],
      [3, 'products'],
    ])('%d blocks a graph, %s', async (blocksPerStage, activations) => {
      const cut = await network(windowed, { pooling, blocksPerStage, activations });
      const reference = await network(windowed, { pooling });
      const options = { ...JOINED, dropout: 0.3 };
      const expected = await stepGroups(reference, short, together(short), options);
      const { name, error } = worstDifference(
        await stepGroups(cut, short, together(short), options),
        expected,
      );
      expect(error, name).toBeLessThan(TOLERANCE);
    });
  },
);

test.each(ADAPTER_KINDS)('joined under $name', async ({ lora }) => {
  const cut = await network(windowed, { lora, blocksPerStage: 1 });
  const reference = await network(windowed, { lora });
  const expected = await stepGroups(reference, short, together(short), { ...JOINED, dropout: 0.3 });
  const found = await stepGroups(cut, short, together(short), { ...JOINED, dropout: 0.3 });
  const { name, error } = worstDifference(found, expected);
  expect(error, name).toBeLessThan(TOLERANCE);
});

test.each(['int8', 'nf4'])('joined with weights in %s: as one text', async (name) => {
  const held = inFormat(windowed, weightFormatNamed(name)!);
  const tiny = await network(held, { blocksPerStage: 1 });
  const { data: whole } = await tiny.network.logits(packSequence([asOneText(idsOf(short))]), hiddenStates);
  const { data: hidden } = await tiny.network.logits(sequenceOf(idsOf(short), JOINED), hiddenStates);
  expect(relativeDifference(hidden, whole)).toBeLessThan(TOLERANCE);
});

describe('what a function sees', () => {
  const logits = async (tiny: TinyNetwork, ids: readonly (readonly number[])[], options: StepOptions) =>
    await logitsOf(tiny, sequenceOf(ids, options));
  const [first, second] = [
    [3, 1, 4, 1, 5],
    [9, 2, 6, 5],
  ];

  test('the first none, as isolated; the second the first, unlike isolated', async () => {
    const tiny = await network(windowed, { blocksPerStage: 1 });
    const isolated = await logits(tiny, [first, second], {});
    for (const separator of [{}, { separator: SEPARATOR }]) {
      const joined = await logits(tiny, [first, second], { packing: 'joined', ...separator });
      expect(relativeDifference(joined.subarray(0, 2), isolated.subarray(0, 2))).toBeLessThan(TOLERANCE);
      expect(relativeDifference(joined.subarray(2), isolated.subarray(2))).toBeGreaterThan(1e-3);
    }
  });

  test('what stands before it, in its order, and the separator; not what stands behind it', async () => {
    const tiny = await network(windowed, { blocksPerStage: 1 });
    const ofLast = async (ids: readonly (readonly number[])[], options = JOINED) =>
      (await logits(tiny, ids, options)).slice(-2).join();
    const found = [
      await ofLast([first, second]),
      await ofLast([[...first].reverse(), second]),
      await ofLast([first, first, second]),
      await ofLast([first, second], { packing: 'joined' }),
      await ofLast([second]),
    ];
    expect(new Set(found).size).toBe(5);
    const followed = await logits(tiny, [first, second, first], JOINED);
    const unfollowed = await logits(tiny, [first, second], JOINED);
    expect(relativeDifference(followed.subarray(0, 4), unfollowed)).toBeLessThan(TOLERANCE);
  });

  test('dropout is of the tokens of the function alone: the first drops as isolated', async () => {
    const tiny = await network(windowed, { blocksPerStage: 1 });
    const functions = functionsOf(5, 4);
    const isolated = await stepGroups(tiny, functions, [[0, 1]], { dropout: 0.5 });
    const joined = await stepGroups(tiny, functions, [[0, 1]], { ...JOINED, dropout: 0.5 });
    const plain = await stepGroups(tiny, functions, [[0, 1]], JOINED);
    const ofFirst = ({ logits: all }: typeof joined) => all.subarray(0, 2);
    expect(relativeDifference(ofFirst(joined), ofFirst(isolated))).toBeLessThan(TOLERANCE);
    expect(relativeDifference(ofFirst(joined), ofFirst(plain))).toBeGreaterThan(1e-4);
  });
});

describe('refused', () => {
  const decoder = { spec: windowed.model, path: 'tiny' };

  test('an encoder, in words', () => {
    const spec = makeModel(ENCODER_CONFIGS.bert).model;
    expect(() => requireJoinable({ spec, path: 'tiny' }, 64)).toThrow(
      expect.objectContaining({
        code: 'PACKING_UNSUPPORTED',
        where: { file: 'tiny', name: 'packing' },
        message: expect.stringContaining('packing is joined, which a bert model cannot have'),
      }),
    );
  });

  test('texts longer than the positions of the model; as long ones are not', () => {
    expect(() => requireJoinable(decoder, 64)).not.toThrow();
    expect(() => requireJoinable(decoder, 65)).toThrow(
      expect.objectContaining({
        code: 'TOKENS_PER_BATCH_TOO_LARGE',
        where: { file: 'tiny', name: 'tokens_per_batch' },
        message: expect.stringContaining('tokens_per_batch is 65'),
        hint: expect.stringContaining('at most 64'),
      }),
    );
  });

  test('a sequence that needs a position which was not learned', async () => {
    const tiny = await network(learnedPositions, { blocksPerStage: 1 });
    const sequence = sequenceOf(idsOf(functionsOf(200, 200)), JOINED);
    await expect(logitsOf(tiny, sequence)).rejects.toMatchObject({
      code: 'SEQUENCE_TOO_LONG',
      message: "2 functions joined to 401 tokens are longer than the model's 400 positions",
    });
  });
});
