/** @file The trained tensors of an adapter: their names as PEFT writes them, their shapes, and their first values. */
import { invariant, VultuneError } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import type { Head } from '../heads/head.ts';
import { drawFirstValues, type FirstValues } from '../tensor/first-values.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { AdaptedMatrix } from './adapted-matrix.ts';
import type { FromBase } from './adapter.ts';
import { KEY_PREFIX, parameterKey } from './parameter-key.ts';
import type { WholeParameter } from './whole-parameters.ts';

/** Trained tensors by PEFT's key, in a fixed order. */
export type AdapterParameters = ReadonlyMap<string, HostTensor<'float32'>>;

export const loraKey = (module: string, matrix: 'A' | 'B') => parameterKey(`${module}.lora_${matrix}.weight`);
const FIRST_TENSOR = /\.lora_A(?:\.weight)?$/;
/** Full names of the adapted matrices, in their order. */
export function adaptedModules(parameters: AdapterParameters): string[] {
  return [...parameters.keys()]
    .filter((key) => FIRST_TENSOR.test(key))
    .map((key) => key.slice(KEY_PREFIX.length).replace(FIRST_TENSOR, ''));
}

/** A trained tensor under its key, in an adapter or a head. */
export interface ParameterSpec {
  readonly key: string;
  readonly shape: readonly number[];
  readonly first: FirstValues | (FromBase & { readonly base: string });
  /** Whether files hold [in, out] where the shape is [out, in]. */
  readonly transposed?: boolean;
}

/**
 * Everything that is trained: the adapters' tensors in the order of the matrices, what is trained whole of the base model,
 * then the head's own.
 */
export function parameterSpecs(
  adapted: readonly AdaptedMatrix[],
  head: Head,
  whole: readonly WholeParameter[] = [],
): readonly ParameterSpec[] {
  return [
    ...adapted.flatMap(({ name, tensors }) =>
      tensors.map(({ name: tensor, shape, first }): ParameterSpec => {
        const key = parameterKey(`${name}.${tensor}`);
        return {
          key,
          shape,
          first: first.kind === 'from base' ? { ...first, base: `${name}.weight` } : first,
        };
      }),
    ),
    ...whole.map(({ key, shape, fullName, transposed }): ParameterSpec => {
      const first = { kind: 'from base', base: fullName, make: copy } as const;
      return { key, shape, first, transposed };
    }),
    ...head.parameters.flatMap(({ name, shape, first }) =>
      first === undefined ? [] : [{ key: parameterKey(name), shape, first }],
    ),
  ];
}

const copy = ({ data }: HostTensor<'float32'>) => data.slice();

/** First values of what is drawn; each tensor has a random stream of its own. */
export function initialParameters(
  adapted: readonly AdaptedMatrix[],
  head: Head,
  seed: number,
): AdapterParameters {
  return new Map(
    parameterSpecs(adapted, head).map(({ key, shape, first }) => {
      invariant(first.kind !== 'from base', `the first values of ${key} are made of the base model`);
      return [key, hostTensor('float32', shape, draw(key, shape, first, seed))];
    }),
  );
}

/** First values of everything that is trained, some of them made of the base model's. Throws what `read` throws. */
export async function firstParameters(
  { adapted, head, whole = [] }: TrainedParts,
  seed: number,
  read: (name: string) => Promise<HostTensor<'float32'>>,
): Promise<AdapterParameters> {
  const parameters = new Map<string, HostTensor<'float32'>>();
  for (const { key, shape, first } of parameterSpecs(adapted, head, whole)) {
    const data =
      first.kind === 'from base' ? first.make(await read(first.base)) : draw(key, shape, first, seed);
    parameters.set(key, hostTensor('float32', shape, data));
  }
  return parameters;
}

/** What is trained of a network. */
export interface TrainedParts {
  readonly adapted: readonly AdaptedMatrix[];
  readonly head: Head;
  /** Default: none. */
  readonly whole?: readonly WholeParameter[];
}

const draw = (key: string, shape: readonly number[], first: FirstValues, seed: number) =>
  drawFirstValues(first, shape, randomStream(seed, 'initial', key));

const OTHER_MODEL =
  'An adapter works only with the base model it was trained on; check base_model_name_or_path.';

/** What is wrong with the adapter's head alone; undefined where it is another thing. */
function headHint(
  { parameters }: Head,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): string | undefined {
  const trained = parameters.filter(({ first }) => first !== undefined);
  if (trained.length === 0) {
    return 'Was it trained for another task (task_type), or on another base model?';
  }
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
  { adapted, head, whole = [] }: TrainedParts,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  file: string,
): readonly string[] {
  const hint = headHint(head, found) ?? OTHER_MODEL;
  const specs = new Map(
    parameterSpecs(adapted, head, whole).map(({ key, shape, transposed }) => [
      key,
      transposed === true ? shape.toReversed() : shape,
    ]),
  );
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
