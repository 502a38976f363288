/**
 * @file AdaLoRA as PEFT's files have it: the singular values that were not kept are left out of the tensors, and `rank_pattern` says
 * which they were, so that what is left has the scale it was trained with.
 */
import { type HostTensor, hostTensor } from '../../tensor/host-tensor.ts';
import { LEFT, RIGHT, VALUES } from '../adalora.ts';
import type { AdapterParameters } from '../adapter-parameters.ts';
import { parameterKey } from '../parameter-key.ts';

export type KeptValues = Readonly<Record<string, readonly boolean[]>>;

/** Key of a matrix in `rank_pattern`; a file may have the adapter's name behind it. */
const PATTERN_KEY = /\.lora_E(?:\.[^.]*)?$/;

/** By the matrices' full names. */
export const parseRankPattern = (pattern: KeptValues): KeptValues =>
  Object.fromEntries(Object.entries(pattern).map(([key, kept]) => [key.replace(PATTERN_KEY, ''), kept]));

export const formatRankPattern = (kept: KeptValues): KeptValues =>
  Object.fromEntries(Object.entries(kept).map(([name, values]) => [`${name}.${VALUES}`, values]));

/** A value of 0 adds nothing: only the others, and their sides, are kept. `modules` are full names of matrices. */
export function withoutZeroValues(
  parameters: AdapterParameters,
  modules: readonly string[],
): { readonly parameters: AdapterParameters; readonly kept: KeptValues } {
  const compact = new Map(parameters);
  const kept: Record<string, readonly boolean[]> = {};
  for (const name of modules) {
    const key = (tensor: string) => parameterKey(`${name}.${tensor}`);
    const isKept = Array.from(parameters.get(key(VALUES))!.data, (value) => value !== 0);
    kept[name] = isKept;
    const count = isKept.filter(Boolean).length;
    const keep = (tensor: string, axis: 0 | 1) =>
      compact.set(key(tensor), keepAlong(parameters.get(key(tensor))!, axis, isKept, count));
    keep(RIGHT, 0);
    keep(VALUES, 0);
    keep(LEFT, 1);
  }
  return { parameters: compact, kept };
}

/** The rows (axis 0) or columns (axis 1) of a matrix that are kept, `count` in number. */
function keepAlong(
  { shape, data }: HostTensor<'float32'>,
  axis: 0 | 1,
  isKept: readonly boolean[],
  count: number,
): HostTensor<'float32'> {
  const [rows, width] = shape as [number, number];
  const keptShape = axis === 0 ? [count, width] : [rows, count];
  const values = data.filter((_, i) => isKept[axis === 0 ? Math.floor(i / width) : i % width]);
  return hostTensor('float32', keptShape, values);
}
