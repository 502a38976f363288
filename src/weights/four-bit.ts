/**
 * @file A matrix in 4 bits, as bitsandbytes has it (QLoRA, arXiv:2305.14314): blocks of 64 elements, row after row, each
 * rounded to one of 16 numbers times the block's largest. With double quantisation these factors are bytes too.
 */
import type { StoredFourBit } from '../checkpoint/checkpoint.ts';
import { type HostTensor, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import { largestMagnitude } from '../tensor/largest-magnitude.ts';
import { DYNAMIC_MAP, encodeFactors, FACTOR_BLOCK } from './block-factors.ts';
import { nearestIn } from './nearest-in.ts';
import { productOfRead, type WeightFormat } from './weight-format.ts';

/** The quantiles of a normal distribution, 0 among them (appendix E of the paper), as float32 has them. */
const NF4_NUMBERS = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
] as const;

/** Sign, two bits of exponent, one of mantissa; the numbers of the positive codes in their order, over their largest. */
const FP4_SIZES = [0, 0.0625, 8, 12, 4, 6, 2, 3].map((size) => Math.fround(size / 12));

export const FOUR_BIT_NUMBERS = {
  nf4: NF4_NUMBERS,
  fp4: [...FP4_SIZES, ...FP4_SIZES.map((size) => (size === 0 ? 0 : -size))],
} as const;
export type FourBitType = keyof typeof FOUR_BIT_NUMBERS;

export const BLOCK_SIZE = 64;

const nearestOf = {
  nf4: nearestIn(FOUR_BIT_NUMBERS.nf4),
  fp4: nearestIn(FOUR_BIT_NUMBERS.fp4),
} as const;

/** Codes, two a byte, padded to whole blocks; each block's largest. */
export function encodeFourBit(data: Float32Array, type: FourBitType) {
  const blocks = Math.ceil(data.length / BLOCK_SIZE);
  const nearest = nearestOf[type];
  const codes = new Uint8Array((blocks * BLOCK_SIZE) / 2);
  const factors = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const start = block * BLOCK_SIZE;
    const values = data.subarray(start, start + BLOCK_SIZE);
    const largest = largestMagnitude(values);
    factors[block] = largest;
    const inverse = largest === 0 ? 0 : Math.fround(1 / largest);
    for (let i = 0; i < values.length; i++) {
      const code = nearest(Math.min(1, Math.max(-1, Math.fround(values[i]! * inverse))));
      codes[(start + i) >> 1]! |= i % 2 === 0 ? code << 4 : code;
    }
  }
  return { codes, factors };
}

/** Padded as `encodeFourBit` pads. */
function wholeBlocks({ codes, factors }: StoredFourBit): Uint8Array {
  const bytes = (factors.length * BLOCK_SIZE) / 2;
  if (codes.byteLength === bytes) return codes;
  const padded = new Uint8Array(bytes);
  padded.set(codes);
  return padded;
}

const blockCount = (shape: readonly number[]) => Math.ceil(sizeOf(shape) / BLOCK_SIZE);

function fourBit(type: FourBitType, isDouble: boolean): WeightFormat {
  const read: WeightFormat['read'] = (b, shape, part) => {
    const blocks = blockCount(shape);
    const codes = part('codes', 'uint8', [(blocks * BLOCK_SIZE) / 2]);
    const code = type === 'nf4' ? { code: type } : {};
    const attributes = { values: FOUR_BIT_NUMBERS[type], ...code, blockSize: BLOCK_SIZE, shape };
    if (!isDouble) return b.dequantizeBlocks(codes, part('factors', 'float32', [blocks]), attributes);
    const groups = Math.ceil(blocks / FACTOR_BLOCK);
    const bytes = b.cast(part('factor_codes', 'uint8', [groups * FACTOR_BLOCK]), 'int64');
    const numbers = b.gather(b.constant(DYNAMIC_MAP), bytes);
    const column = b.reshape(part('group_factors', 'float32', [groups]), [groups, 1]);
    const spread = b.add(
      b.mul(b.reshape(numbers, [groups, FACTOR_BLOCK]), column),
      part('mean', 'float32', [1]),
    );
    const flat = b.reshape(spread, [groups * FACTOR_BLOCK]);
    const factors = groups * FACTOR_BLOCK === blocks ? flat : b.slice(flat, 0, 0, blocks);
    return b.dequantizeBlocks(codes, factors, attributes);
  };
  const partsOf = ({ codes, factors }: { readonly codes: Uint8Array; readonly factors: Float32Array }) => {
    const held = { codes: hostTensor('uint8', [codes.length], codes) };
    if (!isDouble) return { ...held, factors: hostTensor('float32', [factors.length], factors) };
    const double = encodeFactors(factors);
    return {
      ...held,
      factor_codes: hostTensor('uint8', [double.codes.length], double.codes),
      group_factors: hostTensor('float32', [double.groupFactors.length], double.groupFactors),
      mean: hostTensor('float32', [1], Float32Array.of(double.mean)),
    };
  };
  const numbers = Float32Array.from(FOUR_BIT_NUMBERS[type]);
  return {
    name: isDouble ? `${type}-double-quant` : type,
    describe: `${isDouble ? '4.1' : '4.5'} bits a weight, products in 32 bits`,
    isQuantized: true,
    encode: ({ data }: HostTensor<'float32'>) => partsOf(encodeFourBit(data, type)),
    ofStored: (stored) =>
      stored.blockSize === BLOCK_SIZE && stored.numbers.every((number, code) => number === numbers[code])
        ? partsOf({ codes: wholeBlocks(stored), factors: stored.factors })
        : undefined,
    read,
    product: productOfRead(read),
    sizeBytes: (shape) => {
      const blocks = blockCount(shape);
      const groups = Math.ceil(blocks / FACTOR_BLOCK);
      return (blocks * BLOCK_SIZE) / 2 + (isDouble ? groups * (FACTOR_BLOCK + 4) + 4 : 4 * blocks);
    },
  };
}

export const nf4 = fourBit('nf4', false);
export const nf4Double = fourBit('nf4', true);
export const fp4 = fourBit('fp4', false);
export const fp4Double = fourBit('fp4', true);
