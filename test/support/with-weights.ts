/** @file A base model's weights with some of them replaced. */
import type { HostTensor } from '../../src/tensor/host-tensor.ts';
import type { BaseWeights } from '../../src/weights/base-weights.ts';
import { rowsOf } from './rows-of.ts';

export function withWeights(
  weights: BaseWeights,
  changed: ReadonlyMap<string, HostTensor<'float32'>>,
): BaseWeights {
  const own: Pick<BaseWeights, 'get' | 'part' | 'rows' | 'format'> = {
    format: weights.format,
    get: async (name) => changed.get(name) ?? (await weights.get(name)),
    part: async (name, part) =>
      changed.has(name) ? weights.format.encode(changed.get(name)!)[part]! : await weights.part(name, part),
    rows: async (name, rows) =>
      changed.has(name) ? rowsOf(changed.get(name)!, rows) : await weights.rows(name, rows),
  };
  return own as BaseWeights;
}
