import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeFactors, decodeFourBit } from '../../../src/checkpoint/bitsandbytes/decode.ts';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { float32, type HostTensor } from '../../../src/tensor/host-tensor.ts';
import { DYNAMIC_MAP } from '../../../src/weights/block-factors.ts';
import { float32 as plain } from '../../../src/weights/float32.ts';
import { FOUR_BIT_NUMBERS, fp4, nf4, nf4Double } from '../../../src/weights/four-bit.ts';
import { nearestIn } from '../../../src/weights/nearest-in.ts';
import { sharedFolder } from '../../support/shared.ts';
import { productOf, readOut } from '../../support/weight-graphs.ts';

const shared = sharedFolder();

describe.skipIf(shared === undefined)(
  'bit for bit what bitsandbytes stores, and reads out of it',
  async () => {
    const stored =
      shared === undefined
        ? new Map<string, HostTensor>()
        : await readAllSafetensors(resolve(shared, 'fixtures/quant/nf4.safetensors'));
    const weight = stored.get('weight') as HostTensor<'float32'>;
    const of = <T>(name: string) => stored.get(name)!.data as T;

    test('the 16 numbers of NF4 and the 256 of the factors', () => {
      expect(Float32Array.from(FOUR_BIT_NUMBERS.nf4)).toEqual(of('nf4_table'));
      expect(DYNAMIC_MAP.data).toEqual(of('double_quant/state2_code'));
    });

    test('nf4', async () => {
      const { codes, factors } = nf4.encode(weight);
      expect(codes!.data).toEqual(of('plain/packed'));
      expect(factors!.data).toEqual(of('plain/absmax'));
      expect((await readOut(nf4, weight)).data).toEqual(of('plain/dequantised'));
    });

    test('nf4 with double quantisation', async () => {
      const { codes, factor_codes, group_factors, mean } = nf4Double.encode(weight);
      expect(codes!.data).toEqual(of('double_quant/packed'));
      expect(mean!.data).toEqual(of('double_quant/offset'));
      expect(group_factors!.data).toEqual(of('double_quant/state2_absmax'));
      expect((factor_codes!.data as Uint8Array).slice(0, 192)).toEqual(of('double_quant/absmax'));
      expect((await readOut(nf4Double, weight)).data).toEqual(of('double_quant/dequantised'));
    });

    test('decoded without a graph: the same', () => {
      const factors = decodeFactors(of<Uint8Array>('double_quant/absmax'), {
        groupFactors: of('double_quant/state2_absmax'),
        mean: of<Float32Array>('double_quant/offset')[0]!,
        numbers: of<Float32Array>('double_quant/state2_code'),
        groupSize: 256,
      });
      const out = new Float32Array(weight.data.length);
      const numbers = of<Float32Array>('nf4_table');
      decodeFourBit(of('double_quant/packed'), factors, { numbers, blockSize: 64 }, out);
      expect(out).toEqual(of('double_quant/dequantised'));
    });
  },
);

test('fp4: its numbers come back as they are, whatever the block is scaled by; zeros stay zeros', async () => {
  const numbers = Array.from({ length: 16 }, (_, code) => FOUR_BIT_NUMBERS.fp4[code]! * 8);
  const matrix = float32([3, 43], [...Array(64).fill(0), ...numbers, ...Array(49).fill(-8)]);
  const { codes } = fp4.encode(matrix);
  // 0 has two codes: the first is taken.
  expect([...(codes!.data as Uint8Array).subarray(32, 40)]).toEqual([
    0x01, 0x23, 0x45, 0x67, 0x09, 0xab, 0xcd, 0xef,
  ]);
  expect((await readOut(fp4, matrix)).data).toEqual(matrix.data);
});

test('the nearest of numbers in any order, the first of two as near', () => {
  const nearest = nearestIn([4, -1, 0, 2]);
  expect([-5, -0.5, -0.51, 0, 0.99, 1, 1.01, 3, 3.01, 9].map(nearest)).toEqual([
    1, 1, 1, 2, 2, 2, 3, 0, 0, 0,
  ]);
});

test.each([
  ['nf4', FOUR_BIT_NUMBERS.nf4],
  ['fp4', FOUR_BIT_NUMBERS.fp4],
  ['factors', DYNAMIC_MAP.data],
])('nearest of %s is what looking at every number finds, also right between two', (_name, given) => {
  const numbers = Float32Array.from(given);
  const nearest = nearestIn(numbers);
  const sorted = numbers.toSorted();
  const between = [...sorted].flatMap((number, i) => {
    const middle = Math.fround((number + (sorted[i + 1] ?? 1)) / 2);
    const ulp = Math.max(Math.abs(middle), 1e-7) * 2 ** -23;
    return [number, middle - ulp, middle, middle + ulp].map(Math.fround);
  });
  const grid = Array.from({ length: 5000 }, (_, i) => Math.fround(-1.05 + (2.1 * i) / 4999));
  for (const value of [...between, ...grid]) {
    let best = 0;
    const away = (code: number) => Math.abs(Math.fround(numbers[code]! - value));
    for (let code = 1; code < numbers.length; code++) if (away(code) < away(best)) best = code;
    expect([value, nearest(value)]).toEqual([value, best]);
  }
});

test.each([
  ['nf4', nf4],
  ['nf4-double-quant', nf4Double],
])(
  'products of the codes of %s are those of the matrix read out, blocks that run over row ends too',
  async (_name, format) => {
    // 75 is not a multiple of 64, 64 x 75 is.
    const [N, K, O] = [5, 75, 64];
    const wave = (shape: readonly [number, number], step: number) =>
      float32(
        shape,
        Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(step * (i + 1))),
      );
    const [matrix, x, g] = [wave([O, K], 0.37), wave([N, K], 1.1), wave([N, O], 2.3)];
    const read = (await readOut(format, matrix)) as HostTensor<'float32'>;
    expect(await productOf(format, matrix, x, g)).toEqual(await productOf(plain, read, x, g));
  },
);
