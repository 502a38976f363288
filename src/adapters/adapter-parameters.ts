/** @file The trained tensors of an adapter: their names as PEFT writes them, their shapes, and their first values. */
import { VultuneError } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import type { Head } from '../heads/head.ts';
import { drawFirstValues, type FirstValues } from '../tensor/first-values.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { AdaptedMatrix } from './adapted-matrix.ts';

/** Trained tensors by PEFT's key, in a fixed order. */
export type AdapterParameters = ReadonlyMap<string, HostTensor<'float32'>>;

const PREFIX = 'base_model.model.';
/** PEFT's key of a parameter with this name in the model. */
export const parameterKey = (name: string) => `${PREFIX}${name}`;
export const loraKey = (module: string, matrix: 'A' | 'B') => parameterKey(`${module}.lora_${matrix}.weight`);
/** Full names of the adapted matrices, in their order. */
export function adaptedModules(parameters: AdapterParameters): string[] {
  const end = loraKey('', 'A').slice(PREFIX.length);
  return [...parameters.keys()]
    .filter((key) => key.endsWith(end))
    .map((key) => key.slice(PREFIX.length, -end.length));
}

/** A trained tensor under its key, in an adapter or a head. */
export interface ParameterSpec {
  readonly key: string;
  readonly shape: readonly number[];
  readonly first: FirstValues;
}

/** Everything that is trained: the adapters' tensors in the order of the matrices, then the head's own. */
export function parameterSpecs(adapted: readonly AdaptedMatrix[], head: Head): readonly ParameterSpec[] {
  return [
    ...adapted.flatMap(({ name, tensors }) =>
      tensors.map((tensor) => ({ ...tensor, key: parameterKey(`${name}.${tensor.name}`) })),
    ),
    ...head.parameters.flatMap(({ name, shape, first }) =>
      first === undefined ? [] : [{ key: parameterKey(name), shape, first }],
    ),
  ];
}

/** First values; each tensor has a random stream of its own. */
export function initialParameters(
  adapted: readonly AdaptedMatrix[],
  head: Head,
  seed: number,
): AdapterParameters {
  return new Map(
    parameterSpecs(adapted, head).map(({ key, shape, first }) => {
      const data = drawFirstValues(first, shape, randomStream(seed, 'initial', key));
      return [key, hostTensor('float32', shape, data)];
    }),
  );
}

const OTHER_MODEL =
  'An adapter works only with the base model it was trained on; check base_model_name_or_path.';

/** What is wrong with the adapter's head alone; undefined where it is another thing. */
function headHint(
  { parameters }: Head,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): string | undefined {
  const trained = parameters.filter(({ first }) => first !== undefined);
  const held = trained.filter(({ name }) => found.has(parameterKey(name)));
  if (held.length === 0) {
    return 'It has no head of this model: was it trained for another task (task_type), or on another base model?';
  }
  for (const { name, shape } of held) {
    const [classes, ...rest] = found.get(parameterKey(name))!.shape;
    const isOther = classes !== shape[0] && rest.join() === shape.slice(1).join();
    if (isOther) return `Its head tells ${classes} classes apart, expected ${shape[0]}: safe and vulnerable.`;
  }
  return undefined;
}

/**
 * The tensors that an adapter has, by what its file's header says of them, in the plan's order.
 * Throws ADAPTER_MISMATCH when one is missing, left over or of another shape: the adapter is for another base model.
 */
export function checkShapes(
  adapted: readonly AdaptedMatrix[],
  head: Head,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  file: string,
): readonly string[] {
  const hint = headHint(head, found) ?? OTHER_MODEL;
  const specs = new Map(parameterSpecs(adapted, head).map(({ key, shape }) => [key, shape]));
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
