import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BLOCK_FORMATS } from '../../../src/checkpoint/gguf/blocks.ts';
import { readSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { sharedFolder } from '../../support/shared.ts';

const shared = sharedFolder();

function decode(name: string, raw: Uint8Array): number[] {
  const format = [...BLOCK_FORMATS.values()].find((candidate) => candidate.name === name)!;
  const out = new Float32Array((raw.length / format.bytes) * format.elements);
  format.decode(raw, out);
  return [...out];
}

describe.skipIf(shared === undefined)('every block format decodes to the bits of the reference', () => {
  const reference = () => readSafetensors(join(shared!, 'fixtures/quant/gguf.safetensors'));

  test('all formats of the reference are known', async () => {
    const names = [...(await reference()).tensors.keys()].filter((name) => name.endsWith('/raw'));
    const known = new Set([...BLOCK_FORMATS.values()].map((format) => format.name));
    expect(names.map((name) => name.split('/')[0]!).filter((name) => !known.has(name))).toEqual([]);
    expect(names.length).toBe(12);
  });

  test.each([...BLOCK_FORMATS.values()].map((format) => format.name))('%s', async (type) => {
    const file = await reference();
    if (!file.tensors.has(`${type}/raw`)) return;
    const raw = await file.read(`${type}/raw`);
    const expected = await file.read(`${type}/float32`);
    expect(decode(type, raw.data as Uint8Array)).toEqual([...expected.data].map((value) => Number(value)));
  });
});

describe('by hand', () => {
  const one = [0x00, 0x3c]; // 1.0 as binary16
  const two = [0x00, 0x40];
  const nibbles = Array.from({ length: 16 }, (_, j) => j | ((15 - j) << 4));
  const up = Array.from({ length: 16 }, (_, j) => j);

  test('F32 at an odd position', () => {
    const raw = new Uint8Array([0, ...new Uint8Array(new Float32Array([1.5, -2]).buffer)]);
    expect(decode('F32', raw.subarray(1))).toEqual([1.5, -2]);
  });

  test('Q4_0: d (q - 8), low halves first', () => {
    const expected = [...up.map((q) => 2 * (q - 8)), ...up.map((j) => 2 * (7 - j))];
    expect(decode('Q4_0', new Uint8Array([...two, ...nibbles]))).toEqual(expected);
  });

  test('Q4_1: d q + m, two blocks', () => {
    const block = [...two, ...one, ...nibbles];
    const expected = [...up.map((q) => 2 * q + 1), ...up.map((j) => 2 * (15 - j) + 1)];
    expect(decode('Q4_1', new Uint8Array([...block, ...block]))).toEqual([...expected, ...expected]);
  });

  test('IQ4_NL: 16 values of a table', () => {
    const values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    const expected = [...values, ...values.toReversed()].map((value) => 2 * value);
    expect(decode('IQ4_NL', new Uint8Array([...two, ...nibbles]))).toEqual(expected);
  });

  test('F64 is rounded to float32, at any position', () => {
    const raw = new Uint8Array([0, ...new Uint8Array(new Float64Array([Math.PI, -0.1]).buffer)]);
    expect(decode('F64', raw.subarray(1))).toEqual([Math.fround(Math.PI), Math.fround(-0.1)]);
  });

  test('F16 and BF16', () => {
    expect(decode('F16', new Uint8Array([...one, 0x00, 0xc0, 0x01, 0x00]))).toEqual([1, -2, 2 ** -24]);
    expect(decode('BF16', new Uint8Array([0x80, 0x3f, 0x00, 0xc0]))).toEqual([1, -2]);
  });

  test('Q8_0: signed bytes', () => {
    const q = Array.from({ length: 32 }, (_, j) => (j * 8 + 128) & 255);
    const signed = q.map((byte) => (byte > 127 ? byte - 256 : byte));
    expect(decode('Q8_0', new Uint8Array([...two, ...q]))).toEqual(signed.map((value) => 2 * value));
  });
});
