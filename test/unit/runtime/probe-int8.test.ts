/** @file The probe of integer products on a backend that does not always answer. */
import { expect, test, vi } from 'vitest';
import { areInt8ProductsExact } from '../../../src/runtime/ort/probe-int8.ts';

vi.mock('../../../src/runtime/ort/ort-backend.ts', () => {
  const data = new Float32Array(3 * 33).fill(127 * 127 * 579);
  const executable = { run: async () => ({ y: { data } }), release: async () => {} };
  const backend = { compile: async () => executable };
  return {
    ortBackend: vi.fn().mockRejectedValueOnce(new Error('out of memory')).mockResolvedValue(backend),
  };
});

test('a probe that failed is made again when it is asked for again', async () => {
  await expect(areInt8ProductsExact('int8')).rejects.toThrow('out of memory');
  expect(await areInt8ProductsExact('int8')).toBe(true);
});
