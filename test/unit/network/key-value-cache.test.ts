/** @file Rows of the cache: what is filled and appended stays in its place when rows grow or leave. */
import { expect, test } from 'vitest';
import { KeyValueCache } from '../../../src/network/key-value-cache.ts';
import { layOut } from '../../../src/packing/layout.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';
import { makeModel, tinyConfig } from '../../support/tiny-model.ts';

const { model } = makeModel(tinyConfig({ num_hidden_layers: 2 }));
const { keyValueHeadCount: K, headSize: d } = model.layers[0]!.block.attention;

/** [tokens, K*d]: each feature says its token, layer and place. */
const states = (tokens: readonly number[], layer: number) => {
  const of = (sign: number) =>
    float32(
      [tokens.length, K * d],
      tokens.flatMap((token) =>
        Array.from({ length: K * d }, (_, i) => sign * (1000 * token + 100 * layer + i)),
      ),
    );
  return { key: of(1), value: of(-1) };
};

/** The token whose key and value stand in a slot, both heads agreeing. */
function tokenAt(cache: KeyValueCache, layer: number, row: number, position: number): number {
  const { key, value } = cache.states(layer);
  const tokens = Array.from({ length: K }, (_, k) => {
    const at = ((row * K + k) * cache.slots + position) * d;
    expect(value.data[at]).toBe(-key.data[at]!);
    return (key.data[at]! - 100 * layer - k * d) / 1000;
  });
  expect(new Set(tokens).size).toBe(1);
  return tokens[0]!;
}

const LENGTHS = [63, 2, 5];
const name = (row: number, position: number) => 100 * (row + 1) + position;

function filled(): KeyValueCache {
  const cache = new KeyValueCache(model, LENGTHS);
  // Two passes, in another order than the rows.
  for (const rows of [[2, 0], [1]]) {
    const lengths = rows.map((row) => LENGTHS[row]!);
    const tokens = rows.flatMap((row) =>
      Array.from({ length: LENGTHS[row]! }, (_, position) => name(row, position)),
    );
    for (const layer of [0, 1]) cache.fill(layer, states(tokens, layer), layOut(lengths, 'isolated'), rows);
  }
  return cache;
}

function append(cache: KeyValueCache, tokens: readonly number[]): void {
  cache.reserve();
  for (const layer of [0, 1]) cache.append(layer, states(tokens, layer));
  cache.advance();
}

test('tokens stay in their slots when rows grow and leave', () => {
  const cache = filled();
  expect(cache.slots).toBe(64);
  append(cache, [name(0, 63), name(1, 2), name(2, 5)]);
  append(cache, [name(0, 64), name(1, 3), name(2, 6)]);
  expect(cache.slots).toBe(128);
  cache.keep([0, 2]);
  append(cache, [name(0, 65), name(2, 7)]);
  expect(cache.lengths).toEqual([66, 8]);
  for (const [row, sequence] of [0, 2].entries()) {
    for (const layer of [0, 1]) {
      const found = Array.from({ length: cache.lengths[row]! }, (_, at) => tokenAt(cache, layer, row, at));
      expect(found).toEqual(Array.from({ length: cache.lengths[row]! }, (_, at) => name(sequence, at)));
    }
  }
});

test('a sequence of another length than was said is a bug', () => {
  const cache = new KeyValueCache(model, [3]);
  expect(() => cache.fill(0, states([1, 2], 0), layOut([2], 'isolated'), [0])).toThrow(/internal error/);
});
