/** @file The weight formats by name. */
import { asStored } from './as-stored.ts';
import { float32 } from './float32.ts';
import { fp4, fp4Double, nf4, nf4Double } from './four-bit.ts';
import { int8, int8Dequantised, int8Exact } from './int8.ts';
import type { WeightFormat } from './weight-format.ts';

export const WEIGHT_FORMATS: readonly WeightFormat[] = [
  float32,
  asStored,
  int8Exact,
  int8,
  int8Dequantised,
  nf4,
  nf4Double,
  fp4,
  fp4Double,
];

const BY_NAME: ReadonlyMap<string, WeightFormat> = new Map(
  WEIGHT_FORMATS.map((format) => [format.name, format]),
);

export const WEIGHT_FORMAT_NAMES: readonly string[] = [...BY_NAME.keys()];

/** Undefined for a name that no format has. */
export const weightFormatNamed = (name: string): WeightFormat | undefined => BY_NAME.get(name);
