/** @file Matrices that their file has in 4-bit codes: taken as they are where the format has the same codes, decoded elsewhere. */
import { expect, test } from 'vitest';
import type { Checkpoint, StoredFourBit } from '../../../src/checkpoint/checkpoint.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';
import { BaseWeights } from '../../../src/weights/base-weights.ts';
import { encodeFourBit, FOUR_BIT_NUMBERS, nf4, nf4Double } from '../../../src/weights/four-bit.ts';

// 75 elements: a block and a part of one.
const matrix = float32(
  [5, 15],
  Array.from({ length: 75 }, (_, i) => Math.sin(i) * (1 + i)),
);
const { codes, factors } = encodeFourBit(matrix.data, 'nf4');
const stored: StoredFourBit = {
  codes: codes.subarray(0, 38),
  factors,
  blockSize: 64,
  numbers: Float32Array.from(FOUR_BIT_NUMBERS.nf4),
};

function checkpoint(given: StoredFourBit | undefined) {
  const reads: string[] = [];
  const held: Checkpoint = {
    path: 'memory',
    config: {},
    tensors: new Map([['w', { shape: [5, 15] }]]),
    tokenizer: undefined,
    fingerprint: '',
    notes: [],
    read: async (name) => {
      reads.push(name);
      return matrix;
    },
    readRows: async () => matrix,
    readFourBit: async () => given,
    close: async () => {},
  };
  return { held, reads };
}

test.each([nf4, nf4Double])(
  '$name takes the codes, padded to whole blocks, and decodes nothing',
  async (format) => {
    const { held, reads } = checkpoint(stored);
    const weights = new BaseWeights(held, format);
    for (const [part, tensor] of Object.entries(format.encode(matrix))) {
      expect(await weights.part('w', part)).toEqual(tensor);
    }
    expect(reads).toEqual([]);
  },
);

test.each<[string, StoredFourBit | undefined]>([
  ['in none', undefined],
  ['in blocks of another size', { ...stored, blockSize: 128 }],
  ['of other numbers', { ...stored, numbers: Float32Array.from(FOUR_BIT_NUMBERS.fp4) }],
])('a matrix in codes %s is decoded and rounded', async (_what, given) => {
  const { held, reads } = checkpoint(given);
  expect(await new BaseWeights(held, nf4).part('w', 'codes')).toEqual(nf4.encode(matrix).codes);
  expect(reads).toEqual(['w']);
});

test('a factor that is not a number is noticed by the name of its matrix', async () => {
  const { held } = checkpoint({ ...stored, factors: Float32Array.of(1, Number.NaN) });
  await expect(new BaseWeights(held, nf4).part('w', 'codes')).rejects.toMatchObject({
    code: 'CHECKPOINT_NOT_FINITE',
    where: { name: 'w' },
  });
});
