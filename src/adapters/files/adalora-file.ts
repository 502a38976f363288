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
    for (const tensor of [RIGHT, VALUES])
      compact.set(key(tensor), keepRows(parameters.get(key(tensor))!, isKept));
    compact.set(key(LEFT), keepColumns(parameters.get(key(LEFT))!, isKept));
  }
  return { parameters: compact, kept };
}

function keepRows({ shape, data }: HostTensor<'float32'>, isKept: readonly boolean[]): HostTensor<'float32'> {
  const width = shape[1]!;
  const count = isKept.filter(Boolean).length;
  return hostTensor(
    'float32',
    [count, width],
    data.filter((_, i) => isKept[Math.floor(i / width)]),
  );
}

function keepColumns(
  { shape, data }: HostTensor<'float32'>,
  isKept: readonly boolean[],
): HostTensor<'float32'> {
  const [rows, width] = shape as [number, number];
  const count = isKept.filter(Boolean).length;
  return hostTensor(
    'float32',
    [rows, count],
    data.filter((_, i) => isKept[i % width]),
  );
}
