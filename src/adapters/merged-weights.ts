/** @file The weights with which the base model alone computes what it computes with an adapter; the head stays apart. */
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { AdapterParameters } from './adapter-parameters.ts';
import type { AdapterPlan } from './lora-plan.ts';
import { parameterKey } from './parameter-key.ts';

/** Those that differ from the base model's, by their full names; matrices [out, in]. Throws what `read` throws. */
export async function mergedWeights(
  { adapted, whole }: AdapterPlan,
  parameters: AdapterParameters,
  read: (name: string) => Promise<HostTensor<'float32'>>,
): Promise<ReadonlyMap<string, HostTensor<'float32'>>> {
  const merged = new Map(whole.map(({ fullName, key }) => [fullName, parameters.get(key)!]));
  for (const { name, merged: merge } of adapted) {
    const weight = `${name}.weight`;
    const trained = (tensor: string) => parameters.get(parameterKey(`${name}.${tensor}`))!;
    merged.set(weight, merge(await read(weight), trained));
  }
  return merged;
}
