/**
 * @file Parameters of the base model that are trained themselves, from the checkpoint's values on: whole modules (PEFT's
 * modules_to_save), and biases (its `bias`).
 */
import { VultuneError } from '../base/errors.ts';
import { baseShapes } from '../heads/check-head-weights.ts';
import type { Head } from '../heads/head.ts';
import { promisedShapes } from '../model/check-weights.ts';
import { layerMatrices } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';
import type { AdaptedMatrix } from './adapted-matrix.ts';
import { moduleOf, parameterKey } from './parameter-key.ts';

/** `lora_only`: biases of the adapted matrices. `all`: biases of every module, norms and the embedding's included. */
export type TrainedBiases = 'none' | 'all' | 'lora_only';

export interface WholeParameter {
  /** Undefined for what is in no block: the embedding, the final norm, what a head reads of the base model. */
  readonly layer: number | undefined;
  /** Relative to the block; outside blocks the full name. */
  readonly name: string;
  readonly fullName: string;
  readonly shape: readonly number[];
  /** As PEFT's files have it. */
  readonly key: string;
  /** Whether those hold [in, out], as Transformers' Conv1D does. */
  readonly transposed: boolean;
  readonly inEmbedding: boolean;
}

export interface WholeOptions {
  /** Ends of module names, or every module. */
  readonly modules: 'all' | readonly string[];
  readonly biases: TrainedBiases;
}

/** Every parameter of the model and of what the head reads of it, in the model's order. */
function baseParameters(model: Model, head: Head): Omit<WholeParameter, 'key'>[] {
  const { layers, embedding } = model;
  const transposed = new Set(
    layerMatrices(model).flatMap(({ matrix, name }) =>
      matrix.transposed === true ? [`${name}.weight`] : [],
    ),
  );
  const { norm } = embedding;
  const embedded = [
    embedding.tokens,
    ...[embedding.positions, embedding.tokenTypes].flatMap((one) => (one === undefined ? [] : [one.name])),
    ...(norm === undefined || norm.kind === 'none' ? [] : [`${norm.name}.weight`, `${norm.name}.bias`]),
  ];
  const shapes = new Map([...promisedShapes(model), ...baseShapes(head)]);
  return [...shapes].map(([fullName, shape]) => {
    const at = layers.findIndex(({ prefix }) => fullName.startsWith(prefix));
    const layer = at < 0 ? undefined : at;
    return {
      layer,
      name: layer === undefined ? fullName : fullName.slice(layers[layer]!.prefix.length),
      fullName,
      shape,
      transposed: transposed.has(fullName),
      inEmbedding: embedded.includes(fullName),
    };
  });
}

/** The modules that a parameter is in, from its own outwards: `a.b.c`, `a.b`, `a`. */
function modulesOf(parameter: string): string[] {
  const parts = parameter.split('.').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('.'));
}

/** Whether PEFT saves the module under one of the names: it looks at the ends, and not for a dot before them. */
export function inSavedModule(parameter: string, names: readonly string[]): boolean {
  return modulesOf(parameter).some((module) => names.some((name) => module.endsWith(name)));
}

/**
 * What is trained whole, besides the head's own.
 * @throws VultuneError MODULES_TO_SAVE_UNKNOWN for a name that no module ends in
 */
export function planWhole(
  model: Model,
  head: Head,
  adapted: readonly AdaptedMatrix[],
  { modules, biases }: WholeOptions,
): readonly WholeParameter[] {
  const all = baseParameters(model, head);
  const ownNames = head.parameters.flatMap(({ name, first }) => (first === undefined ? [] : [name]));
  if (modules !== 'all') requireModules(modules, [...all.map(({ fullName }) => fullName), ...ownNames]);
  const adaptedNames = new Set(adapted.map(({ name }) => name));
  return all.flatMap((parameter) => {
    const { fullName } = parameter;
    const isSaved = modules === 'all' || inSavedModule(fullName, modules);
    const module = moduleOf(fullName);
    const isAdapted = adaptedNames.has(module);
    const isTrainedBias =
      fullName.endsWith('.bias') && (biases === 'all' || (biases === 'lora_only' && isAdapted));
    if (!isSaved && !isTrainedBias) return [];
    // PEFT puts an adapted module into another one.
    const key = parameterKey(isAdapted ? `${module}.base_layer.bias` : fullName);
    return [{ ...parameter, key }];
  });
}

const NAMED = 12;

function requireModules(names: readonly string[], parameters: readonly string[]): void {
  const unknown = names.filter((name) => !parameters.some((one) => inSavedModule(one, [name])));
  if (unknown.length === 0) return;
  const ends = [...new Set(parameters.map((name) => name.split('.').at(-2)!))];
  const more = ends.length > NAMED ? ` and ${ends.length - NAMED} more` : '';
  throw new VultuneError(
    'MODULES_TO_SAVE_UNKNOWN',
    `no module of the model is called ${unknown.slice(0, 5).join(', ')}`,
    {
      where: { name: 'modules_to_save' },
      hint: `Modules of this model: ${ends.slice(0, NAMED).join(', ')}${more}.`,
    },
  );
}
