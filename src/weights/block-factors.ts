/**
 * @file The factors of blocks in bytes (bitsandbytes' double quantisation): less their mean, in groups of 256, each
 * rounded to one of 256 numbers times the group's largest (Dettmers' dynamic map, arXiv:2110.02861).
 */
import { float32 } from '../tensor/host-tensor.ts';
import { largestMagnitude } from '../tensor/largest-magnitude.ts';
import { nearestIn } from './nearest-in.ts';

export const FACTOR_BLOCK = 256;

/** Ever finer towards 0: seven decades, the numbers of each the middles of equal steps from a tenth of it to all of it. */
function dynamicMap(): Float32Array {
  const numbers = [0, 1];
  for (let decade = 0; decade < 7; decade++) {
    const edges = linspace(2 ** decade + 1);
    const scale = Math.fround(10 ** (decade - 6));
    for (let i = 0; i + 1 < edges.length; i++) {
      const middle = scale * Math.fround(Math.fround(edges[i]! + edges[i + 1]!) / 2);
      numbers.push(middle, -middle);
    }
  }
  return Float32Array.from(numbers).toSorted();
}

/** From 0.1 to 1 in float32, the upper half counted down from 1, products not rounded: as PyTorch does. */
function linspace(count: number): Float32Array {
  const start = Math.fround(0.1);
  const step = Math.fround(Math.fround(1 - start) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < Math.floor(count / 2) ? start + step * i : 1 - step * (count - 1 - i),
  );
}

export const DYNAMIC_MAP = float32([256], dynamicMap());

export interface DoubleFactors {
  /** Padded to whole groups. */
  readonly codes: Uint8Array;
  readonly groupFactors: Float32Array;
  /** In float32. */
  readonly mean: number;
}

export function encodeFactors(factors: Float32Array): DoubleFactors {
  const mean = Math.fround(factors.reduce((sum, factor) => sum + factor, 0) / factors.length);
  const groups = Math.ceil(factors.length / FACTOR_BLOCK);
  const codes = new Uint8Array(groups * FACTOR_BLOCK);
  const groupFactors = new Float32Array(groups);
  const nearest = nearestIn(DYNAMIC_MAP.data);
  for (let group = 0; group < groups; group++) {
    const start = group * FACTOR_BLOCK;
    const values = factors.subarray(start, start + FACTOR_BLOCK).map((factor) => factor - mean);
    const largest = largestMagnitude(values);
    groupFactors[group] = largest;
    const inverse = largest === 0 ? 0 : Math.fround(1 / largest);
    for (let i = 0; i < values.length; i++) {
      codes[start + i] = nearest(onGrid(Math.fround(values[i]! * inverse)));
    }
  }
  return { codes, groupFactors, mean };
}

/**
 * The nearest of 65,536 numbers from -1 to 1: bitsandbytes on the CPU looks the code up by it, so a number within 1/65,535 of
 * the middle between two codes may get the other one.
 */
function onGrid(value: number): number {
  const clamped = Math.min(1, Math.max(-1, value));
  const place = Math.trunc(Math.fround(Math.fround(Math.fround(clamped + 1) * 0.5) * 65535) + 0.5);
  return Math.fround((place / 65535) * 2 - 1);
}
