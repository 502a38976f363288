/** @file The weights with which the base model alone computes what it computes with an adapter; the head stays apart. */
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { AdapterParameters } from './adapter-parameters.ts';
import type { AdapterPlan } from './lora-plan.ts';
import { parameterKey } from './parameter-key.ts';

/** A weight of the base model by its full name, [out, in] for a matrix, from what `read` gives: as it is where no adapter changes it. */
export type WeightMerger = (
  name: string,
  read: (name: string) => Promise<HostTensor<'float32'>>,
) => Promise<HostTensor<'float32'>>;

/** Merges one weight at a time: a model may be larger than memory. */
export function weightMerger({ adapted, whole }: AdapterPlan, parameters: AdapterParameters): WeightMerger {
  const replaced = new Map(whole.map(({ fullName, key }) => [fullName, parameters.get(key)!]));
  const adapters = new Map(adapted.map((one) => [`${one.name}.weight`, one]));
  return async (name, read) => {
    const weight = replaced.get(name) ?? (await read(name));
    const adapter = adapters.get(name);
    if (adapter === undefined) return weight;
    return adapter.merged(weight, (tensor) => parameters.get(parameterKey(`${adapter.name}.${tensor}`))!);
  };
}

/** Those that differ from the base model's, by their full names; matrices [out, in]. Throws what `read` throws. */
export async function mergedWeights(
  plan: AdapterPlan,
  parameters: AdapterParameters,
  read: (name: string) => Promise<HostTensor<'float32'>>,
): Promise<ReadonlyMap<string, HostTensor<'float32'>>> {
  const merge = weightMerger(plan, parameters);
  const names = [
    ...plan.whole.map(({ fullName }) => fullName),
    ...plan.adapted.map(({ name }) => `${name}.weight`),
  ];
  const merged = new Map<string, HostTensor<'float32'>>();
  for (const name of names) merged.set(name, await merge(name, read));
  return merged;
}
