import { describe, expect, test } from 'vitest';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { areInt8ProductsExact, isExact } from '../../../src/runtime/ort/probe-int8.ts';
import { configuredFormat, openWeightFormat } from '../../../src/workflows/open/choose-weight-format.ts';

const config = (keys: object) =>
  parseTrainConfig(
    { base_model: 'm', train_file: 'a', valid_file: 'b', output_dir: 'c', max_length: 8, ...keys },
    'test',
  );

test.each([
  [{}, 'float32'],
  [{ load_in_8bit: true }, 'int8-exact'],
  [{ load_in_8bit: true, int8_matmul: 'fast' }, 'int8'],
  [{ load_in_4bit: true }, 'nf4'],
  [{ load_in_4bit: true, bnb_4bit_use_double_quant: true }, 'nf4-double-quant'],
  [{ load_in_4bit: true, bnb_4bit_quant_type: 'fp4' }, 'fp4'],
  [{ weights: 'as_stored' }, 'as-stored'],
])('%j is %s', (keys, name) => {
  expect(configuredFormat(config(keys))).toBe(name);
});

describe('refused', () => {
  test.each<[object, string]>([
    [{ load_in_8bit: true, load_in_4bit: true }, 'load_in_8bit and load_in_4bit are both set'],
    [{ weights: 'as_stored', load_in_4bit: true }, 'weights is as_stored and load_in_4bit is set'],
    [{ load_in_4bit: true, device: 'webgpu' }, 'device: webgpu computes with float32 weights alone'],
    [{ load_in_8bit: true, device: 'cuda' }, 'device: cuda computes with float32 weights alone'],
    [
      { load_in_8bit: true, finetuning_type: 'full' },
      'load_in_8bit holds weights in a form that cannot be trained',
    ],
  ])('%j', (keys, message) => {
    expect(() => config(keys)).toThrow(message);
  });

  const report = { note: () => {}, warn: () => {} } as never;

  test('4 bits on a device that computes with float32 alone, and a format of no version', async () => {
    await expect(openWeightFormat('nf4', 'webgpu', { report })).rejects.toMatchObject({
      code: 'WEIGHT_FORMAT_DEVICE',
    });
    await expect(openWeightFormat('int2', 'cpu', { report })).rejects.toMatchObject({
      code: 'WEIGHT_FORMAT_UNKNOWN',
    });
  });
});

test('where integer products overflow, 8-bit weights are read out, and that is said', async () => {
  const warnings: string[] = [];
  const report = { note: () => {}, warn: (text: string) => warnings.push(text) } as never;
  const chosen = async (name: string) =>
    (await openWeightFormat(name, 'cpu', { report }, async () => false)).name;
  expect([await chosen('int8'), await chosen('int8-exact')]).toEqual([
    'int8-dequantised',
    'int8-dequantised',
  ]);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain('integer products overflow on this processor');
  expect([await chosen('nf4'), await chosen('float32'), await chosen('int8-dequantised')]).toEqual([
    'nf4',
    'float32',
    'int8-dequantised',
  ]);
  expect(warnings).toHaveLength(2);
  // Pairs that were cut off at 16 bits.
  expect(isExact(Float32Array.of(127 * 127 * 579, 32767 * 290))).toBe(false);
});

test('where products of unsigned codes alone are exact, the fast way takes those and says nothing', async () => {
  const warnings: string[] = [];
  const report = { note: () => {}, warn: (text: string) => warnings.push(text) } as never;
  const chosen = (name: string) =>
    openWeightFormat(name, 'cpu', { report }, async (codes) => codes === 'uint8');
  expect(await chosen('int8')).toMatchObject({ name: 'int8', codes: 'uint8' });
  expect(warnings).toEqual([]);
  // Two such products take longer than one in float32.
  expect((await chosen('int8-exact')).name).toBe('int8-dequantised');
  expect(warnings).toEqual([
    expect.stringContaining('integer products of signed bytes overflow on this processor'),
  ]);
});

test('the probe of this machine answers, once for all', async () => {
  const first = areInt8ProductsExact('int8');
  expect(areInt8ProductsExact('int8')).toBe(first);
  expect(typeof (await first)).toBe('boolean');
  // No kernel is known that adds these up wrong.
  expect(await areInt8ProductsExact('uint8')).toBe(true);
});
