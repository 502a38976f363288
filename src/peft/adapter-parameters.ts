/** @file The trained tensors of an adapter: their names as PEFT writes them, their shapes, and their first values. */
import { VultuneError } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import type { DecoderGeometry } from '../model/geometry.ts';
import { type HostTensor, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import type { LoraModule } from './lora-plan.ts';

/** Trained tensors by PEFT's key, in a fixed order. */
export type AdapterParameters = ReadonlyMap<string, HostTensor<'float32'>>;

const PREFIX = 'base_model.model.';
/** PEFT's key of a parameter with this name in the model. */
export const parameterKey = (name: string) => `${PREFIX}${name}`;
export const loraKey = (module: string, matrix: 'A' | 'B') => parameterKey(`${module}.lora_${matrix}.weight`);
export const headKey = (geometry: DecoderGeometry) => parameterKey(`${geometry.names.classifier}.weight`);

/** Full names of the adapted matrices, in their order. */
export function adaptedModules(parameters: AdapterParameters): string[] {
  const end = loraKey('', 'A').slice(PREFIX.length);
  return [...parameters.keys()]
    .filter((key) => key.endsWith(end))
    .map((key) => key.slice(PREFIX.length, -end.length));
}

export const CLASS_COUNT = 2;

export interface ParameterSpec {
  readonly key: string;
  readonly shape: readonly number[];
}

export function adapterSpecs(geometry: DecoderGeometry, modules: readonly LoraModule[]): ParameterSpec[] {
  return [
    ...modules.flatMap(({ name, module, rank }) => [
      { key: loraKey(name, 'A'), shape: [rank, module.inputSize] },
      { key: loraKey(name, 'B'), shape: [module.outputSize, rank] },
    ]),
    { key: headKey(geometry), shape: [CLASS_COUNT, geometry.hiddenSize] },
  ];
}

/**
 * First values as PEFT draws them: A uniform in ±1/sqrt(in) (Kaiming with a = sqrt 5), B zero, the head normal with
 * standard deviation 0.02 (Transformers' initializer_range). The numbers come from our own seeded generator.
 */
export function initialParameters(
  geometry: DecoderGeometry,
  modules: readonly LoraModule[],
  seed: number,
): AdapterParameters {
  return new Map(
    adapterSpecs(geometry, modules).map(({ key, shape }) => {
      const data = new Float32Array(sizeOf(shape));
      const random = randomStream(seed, 'initial', key);
      if (key.endsWith('.lora_A.weight')) {
        const bound = 1 / Math.sqrt(shape[1]!);
        for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * bound;
      } else if (!key.endsWith('.lora_B.weight')) {
        for (let i = 0; i < data.length; i++) data[i] = 0.02 * random.normal();
      }
      return [key, hostTensor('float32', shape, data)];
    }),
  );
}

/**
 * The tensors that an adapter has, by what its file's header says of them, in the plan's order.
 * Throws ADAPTER_MISMATCH when one is missing, left over or of another shape: the adapter is for another base model.
 */
export function checkShapes(
  geometry: DecoderGeometry,
  modules: readonly LoraModule[],
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  file: string,
): readonly string[] {
  const hint = 'An adapter works only with the base model it was trained on; check base_model_name_or_path.';
  const specs = new Map(adapterSpecs(geometry, modules).map(({ key, shape }) => [key, shape]));
  for (const key of found.keys()) {
    if (specs.has(key)) continue;
    throw new VultuneError(
      'ADAPTER_MISMATCH',
      'the adapter has a tensor that the base model has no place for',
      { where: { file, name: key }, hint },
    );
  }
  for (const [key, shape] of specs) {
    const tensor = found.get(key);
    if (tensor !== undefined && tensor.shape.join() === shape.join()) continue;
    const what = tensor === undefined ? 'is missing' : `has shape [${tensor.shape.join(', ')}]`;
    throw new VultuneError(
      'ADAPTER_MISMATCH',
      `the base model wants a tensor of shape [${shape.join(', ')}] in the adapter; it ${what}`,
      { where: { file, name: key }, hint },
    );
  }
  return [...specs.keys()];
}
