/** @file Checkpoints in bitsandbytes' 4 and 8 bits: what they decode to, and what is refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { float32, type HostTensor, hostTensor } from '../../../src/tensor/host-tensor.ts';

let root = '';
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vultune-bitsandbytes-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const bytes = (shape: readonly number[], values: readonly number[]) =>
  hostTensor('uint8', shape, Uint8Array.from(values));
const json = (value: object) => {
  const text = Buffer.from(JSON.stringify(value));
  return hostTensor('uint8', [text.length], Uint8Array.from(text));
};

async function open(tensors: Readonly<Record<string, HostTensor>>) {
  const folder = join(root, String(made++));
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), '{"model_type":"llama"}');
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return await openCheckpoint(folder);
}

/** [3, 4]: blocks of 8, the second half full. */
const NUMBERS = Array.from({ length: 16 }, (_, i) => (i - 8) / 8);
const state = { quant_type: 'nf4', blocksize: 8, dtype: 'bfloat16', shape: [3, 4] };
const fourBit = {
  'a.weight': bytes([6, 1], [0x01, 0x23, 0x45, 0x67, 0x89, 0xab]),
  'a.weight.absmax': float32([2], [8, 16]),
  'a.weight.quant_map': float32([16], NUMBERS),
  'a.weight.quant_state.bitsandbytes__nf4': json(state),
  'a.bias': float32([3], [1, 2, 3]),
};
const nested = {
  ...fourBit,
  'a.weight.absmax': bytes([2], [0, 255]),
  'a.weight.nested_absmax': float32([1], [4]),
  'a.weight.nested_quant_map': float32([256], [-1, ...Array(254).fill(0), 1]),
  'a.weight.quant_state.bitsandbytes__nf4': json({
    ...state,
    nested_blocksize: 256,
    nested_dtype: 'float32',
    nested_offset: 12,
  }),
};
const int8 = {
  'b.weight': hostTensor('int8', [2, 3], Int8Array.of(127, -127, 0, 1, 2, -64)),
  'b.SCB': float32([2], [127, 254]),
  'b.weight_format': bytes([], [0]),
};

test.each([
  ['4 bit', fourBit],
  ['4 bit with factors in bytes', nested],
])('%s: one tensor of float32, the upper half of a byte first', async (_name, tensors) => {
  const checkpoint = await open(tensors);
  expect([...checkpoint.tensors.keys()].toSorted()).toEqual(['a.bias', 'a.weight']);
  const expected = float32([3, 4], [-8, -7, -6, -5, -4, -3, -2, -1, 0, 2, 4, 6]);
  expect(await checkpoint.read('a.weight')).toEqual(expected);
  expect(await checkpoint.readRows('a.weight', [2, 0])).toEqual(
    float32([2, 4], [0, 2, 4, 6, -8, -7, -6, -5]),
  );
  const held = await checkpoint.hold!('a.weight');
  expect([held.sizeBytes, await held.decode()]).toEqual([6, expected]);
});

test('8 bit: rows of bytes times their largest over 127', async () => {
  const checkpoint = await open(int8);
  expect([...checkpoint.tensors.keys()]).toEqual(['b.weight']);
  const { data, shape } = await checkpoint.read('b.weight');
  expect(shape).toEqual([2, 3]);
  expect([...data].map((value) => Math.round(value * 1e4) / 1e4)).toEqual([127, -127, 0, 2, 4, -128]);
});

describe('refused, saying which tensor', () => {
  const stateName = 'a.weight.quant_state.bitsandbytes__nf4';
  const without = (name: string) =>
    Object.fromEntries(Object.entries(fourBit).filter(([key]) => key !== name));
  test.each<[string, Readonly<Record<string, HostTensor>>, string]>([
    [
      'too few factors',
      { ...fourBit, 'a.weight.absmax': float32([1], [1]) },
      '"a.weight.absmax" has 1 elements, expected 2',
    ],
    [
      'too many factors',
      { ...fourBit, 'a.weight.absmax': float32([3], [1, 1, 1]) },
      'has 3 elements, expected 2',
    ],
    [
      'too few codes',
      { ...fourBit, 'a.weight': bytes([5, 1], [0, 0, 0, 0, 0]) },
      'has 5 elements, expected 6',
    ],
    [
      'codes in another type',
      { ...fourBit, 'a.weight': float32([6], [0, 0, 0, 0, 0, 0]) },
      'stored as F32, expected U8',
    ],
    ['no factors', without('a.weight.absmax'), '"a.weight.absmax" is missing'],
    ['no codes', without('a.weight'), '"a.weight" is missing'],
    [
      'nested factors in float32',
      { ...nested, 'a.weight.absmax': float32([2], [1, 1]) },
      'stored as F32, expected U8',
    ],
    ['a state that is not JSON', { ...fourBit, [stateName]: bytes([2], [1, 2]) }, 'not valid JSON'],
    ['a shape that is none', { ...fourBit, [stateName]: json({ ...state, shape: [3, -4] }) }, 'shape'],
    ['a block of nothing', { ...fourBit, [stateName]: json({ ...state, blocksize: 0 }) }, 'blocksize'],
    ['too few rows of scales', { ...int8, 'b.SCB': float32([1], [1]) }, '"b.SCB" has 1 elements, expected 2'],
    ['another order of bytes', { ...int8, 'b.weight_format': bytes([], [3]) }, 'is 3, expected 0'],
  ])('%s', async (_name, tensors, message) => {
    await expect(open(tensors)).rejects.toMatchObject({
      code: 'CHECKPOINT_BITSANDBYTES',
      message: expect.stringContaining(message),
    });
  });
});
