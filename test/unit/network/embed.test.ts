/** @file What tokens are before the first block, against the same sums done here. */
import { expect, test } from 'vitest';
import type { Embedding, Model } from '../../../src/model/spec.ts';
import { embed } from '../../../src/network/embed.ts';
import { float32, type HostTensor } from '../../../src/tensor/host-tensor.ts';
import { BaseWeights } from '../../../src/weights/base-weights.ts';
import { sequenceOf } from '../../support/network-step.ts';
import { rowsOf } from '../../support/rows-of.ts';

const TOKENS = [
  [1, 2, 4],
  [0, -1, 3],
  [5, 5, 2],
];
const POSITIONS = [10, 20, 30, 40].map((x) => [x, x + 1, x + 2]);
const TYPES = [
  [100, 200, 300],
  [7, 7, 7],
];
const matrix = (rows: readonly (readonly number[])[]) => float32([rows.length, 3], rows.flat());
const tensors: Record<string, HostTensor<'float32'>> = {
  tokens: matrix(TOKENS),
  positions: matrix(POSITIONS),
  types: matrix(TYPES),
  'n.weight': float32([3], [1, 2, 3]),
  'n.bias': float32([3], [0.5, 0, -0.5]),
};
const weights = new BaseWeights({
  path: 'tiny',
  config: {},
  tensors: new Map(),
  tokenizer: undefined,
  fingerprint: '',
  notes: [],
  read: async (name) => tensors[name]!,
  readRows: async (name, rows) => rowsOf(tensors[name]!, rows),
  close: async () => {},
});

const embedded = async (
  ids: readonly (readonly number[])[],
  parts: Partial<Embedding>,
  { limit, ...layout }: { limit?: number; packing?: 'none'; extraPadding?: number } = {},
) => {
  const model = { embedding: { tokens: 'tokens', ...parts }, hiddenSize: 3, positionLimit: limit };
  const { shape, data } = await embed(model as never as Model, weights, sequenceOf(ids, layout));
  expect(shape).toEqual([data.length / 3, 3]);
  return Array.from({ length: data.length / 3 }, (_, row) => [...data.subarray(3 * row, 3 * row + 3)]);
};

const plus = (...rows: (readonly number[])[]) =>
  rows[0]!.map((_, d) => rows.reduce((sum, row) => sum + row[d]!, 0));

const learned = (first: number) => ({ name: 'positions', first, rows: 4 - first });

test('rows of the tokens alone', async () => {
  expect(await embedded([[2, 0], [1]], {})).toEqual([TOKENS[2], TOKENS[0], TOKENS[1]]);
});

test('times a factor', async () => {
  expect(await embedded([[2]], { scale: 0.5 })).toEqual([[2.5, 2.5, 1]]);
});

test('each function has positions of its own; they may begin further down', async () => {
  expect(await embedded([[2, 0], [1]], { positions: learned(0) })).toEqual([
    plus(TOKENS[2]!, POSITIONS[0]!),
    plus(TOKENS[0]!, POSITIONS[1]!),
    plus(TOKENS[1]!, POSITIONS[0]!),
  ]);
  expect(await embedded([[2, 0]], { positions: learned(2) })).toEqual([
    plus(TOKENS[2]!, POSITIONS[2]!),
    plus(TOKENS[0]!, POSITIONS[3]!),
  ]);
});

test('factor, position and type: the position is not scaled', async () => {
  const parts = { scale: 2, positions: learned(1), tokenTypes: { name: 'types', rows: 2 } };
  expect(await embedded([[1, 1]], parts)).toEqual([
    plus([0, -2, 6], POSITIONS[1]!, TYPES[0]!),
    plus([0, -2, 6], POSITIONS[2]!, TYPES[0]!),
  ]);
});

test('padding stands beyond the last position without harm', async () => {
  const rows = await embedded(
    [[2, 0, 1, 1]],
    { positions: learned(0) },
    { packing: 'none', extraPadding: 2, limit: 4 },
  );
  expect(rows).toHaveLength(6);
  expect(rows[3]).toEqual(plus(TOKENS[1]!, POSITIONS[3]!));
});

test('a function longer than the positions is refused, and as many are not', async () => {
  const parts = { positions: learned(0) };
  expect(await embedded([[2, 0, 1, 1], [1]], parts, { limit: 4 })).toHaveLength(5);
  await expect(embedded([[1], [2, 0, 1, 1, 0]], parts, { limit: 4 })).rejects.toMatchObject({
    code: 'SEQUENCE_TOO_LONG',
    message: expect.stringMatching(/5 tokens.*4 positions/),
    where: { name: 'max_length' },
  });
});

test('layer norm: (x - mean) / deviation * weight + bias', async () => {
  const norm = { kind: 'layer', name: 'n', epsilon: 0, bias: true } as const;
  // [1, 2, 4]: mean 7/3, variance 14/9.
  const deviation = Math.sqrt(14) / 3;
  const [row] = await embedded([[0]], { norm });
  [-4 / 3 / deviation + 0.5, (-1 / 3 / deviation) * 2, (5 / 3 / deviation) * 3 - 0.5].forEach((x, d) => {
    expect(row![d]).toBeCloseTo(x, 6);
  });
  const [bare] = await embedded([[0]], { norm: { ...norm, bias: false } });
  expect(bare![0]).toBeCloseTo(-4 / 3 / deviation, 6);
});

test('RMS norm, with weight and with 1 + weight; the epsilon counts', async () => {
  // [1, 2, 4]: the mean of squares is 7.
  const norm = { kind: 'rms', name: 'n', epsilon: 2 } as const;
  const [plain] = await embedded([[0]], { norm });
  const [onePlus] = await embedded([[0]], { norm: { ...norm, onePlus: true } });
  [1, 2, 4].forEach((x, d) => {
    expect(plain![d]).toBeCloseTo((x / 3) * (d + 1), 6);
    expect(onePlus![d]).toBeCloseTo((x / 3) * (d + 2), 6);
  });
  expect(await embedded([[0]], { norm: { kind: 'none' } })).toEqual([TOKENS[0]]);
});
