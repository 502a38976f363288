/**
 * @file Models small enough for a test: the random ones of test/fixtures, and made-up ones of any size and family held
 * in memory; networks on them.
 */
import { resolve } from 'node:path';
import { randomStream } from '../../src/base/random.ts';
import { type Checkpoint, openCheckpoint } from '../../src/checkpoint/checkpoint.ts';
import { readGeometry } from '../../src/model/families/registry.ts';
import { type DecoderGeometry, LINEAR_ROLES } from '../../src/model/geometry.ts';
import { BaseWeights } from '../../src/network/base-weights.ts';
import { ClassifierNetwork, type NetworkOptions } from '../../src/network/classifier-network.ts';
import { loadAdapter, readAdapterHeader } from '../../src/peft/adapter-files.ts';
import { type AdapterParameters, adapterSpecs } from '../../src/peft/adapter-parameters.ts';
import { type LoraModule, type LoraOptions, planLora } from '../../src/peft/lora-plan.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { type HostTensor, hostTensor, sizeOf } from '../../src/tensor/host-tensor.ts';
import { sharedBackend } from './ort-run.ts';
import { rowsOf } from './rows-of.ts';

export const FIXTURE_NAMES = [
  'llama',
  'llama-linear-rope',
  'llama-llama3-rope',
  'mistral-window',
  'qwen2',
] as const;
export type FixtureName = (typeof FIXTURE_NAMES)[number];

export const fixtureFolder = (name: FixtureName) => resolve(import.meta.dirname, '../fixtures', name);

export interface TinyModel {
  readonly geometry: DecoderGeometry;
  readonly weights: BaseWeights;
  readonly fingerprint: string;
}

/** The base model of a fixture. */
export async function openFixture(name: FixtureName): Promise<TinyModel> {
  const base = resolve(fixtureFolder(name), 'base');
  const checkpoint = await openCheckpoint(base);
  return {
    geometry: readGeometry(checkpoint.config, base),
    weights: new BaseWeights(checkpoint),
    fingerprint: checkpoint.fingerprint,
  };
}

/** A config.json of four layers; override what the test is about. */
export function tinyConfig(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    model_type: 'llama',
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 64,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
    ...overrides,
  };
}

/** A model that is on no disk: random weights, the same for the same seed. */
export function makeModel(config: Readonly<Record<string, unknown>>, seed = 1): TinyModel {
  const geometry = readGeometry(config, 'tiny');
  const shapes = new Map<string, readonly number[]>([
    [geometry.names.embedding, [geometry.vocabularySize, geometry.hiddenSize]],
    [geometry.names.languageModelHead, [geometry.vocabularySize, geometry.hiddenSize]],
    [geometry.names.finalNorm, [geometry.hiddenSize]],
  ]);
  for (let layer = 0; layer < geometry.layerCount; layer++) {
    const prefix = geometry.names.block(layer);
    shapes.set(prefix + geometry.names.attentionNorm, [geometry.hiddenSize]);
    shapes.set(prefix + geometry.names.feedForwardNorm, [geometry.hiddenSize]);
    for (const { name, inputSize, outputSize, bias } of LINEAR_ROLES.map((role) => geometry.linears[role])) {
      shapes.set(`${prefix}${name}.weight`, [outputSize, inputSize]);
      if (bias) shapes.set(`${prefix}${name}.bias`, [outputSize]);
    }
  }
  const tensors = new Map([...shapes].map(([name, shape]) => [name, randomTensor(name, shape, seed)]));
  const checkpoint: Checkpoint = {
    path: 'tiny',
    config,
    tensors: shapes as never,
    tokenizer: undefined,
    fingerprint: `tiny ${seed}`,
    read: async (name) => tensors.get(name)!,
    readRows: async (name, rows) => rowsOf(tensors.get(name)!, rows),
    close: async () => {},
  };
  return { geometry, weights: new BaseWeights(checkpoint), fingerprint: checkpoint.fingerprint };
}

/**
 * Matrices with rows of length about 0.6, norms about 1, biases about 0: larger ones make sharp attention, which turns
 * float32 rounding into differences that tests would have to allow for.
 */
function randomTensor(name: string, shape: readonly number[], seed: number): HostTensor<'float32'> {
  const random = randomStream(seed, name);
  const isNorm = name.includes('norm');
  const spread = shape.length === 2 ? 0.6 / Math.sqrt(shape[1]!) : 0.1;
  const values = Float32Array.from(
    { length: sizeOf(shape) },
    () => (isNorm ? 1 : 0) + spread * random.normal(),
  );
  return hostTensor('float32', shape, values);
}

export const loraDefaults: LoraOptions = {
  rank: 2,
  alpha: 4,
  dropout: 0,
  targetModules: 'all-linear',
  layers: 'all',
  useRsLora: false,
  rankPattern: {},
  alphaPattern: {},
};

/** An adapter none of whose tensors is 0, so that every gradient has something to say. */
export function randomParameters(
  geometry: DecoderGeometry,
  modules: readonly LoraModule[],
  seed = 2,
): AdapterParameters {
  return new Map(
    adapterSpecs(geometry, modules).map(({ key, shape }) => [key, randomTensor(key, shape, seed)]),
  );
}

export interface TinyNetworkOptions extends Partial<Omit<NetworkOptions, 'geometry' | 'weights'>> {
  readonly lora?: Partial<LoraOptions>;
}

export interface TinyNetwork {
  readonly network: ClassifierNetwork;
  readonly modules: readonly LoraModule[];
  readonly parameters: AdapterParameters;
}

/** A network on a model: one graph, LoRA on everything with random values, unless told otherwise. */
export async function tinyNetwork(
  model: Pick<TinyModel, 'geometry' | 'weights'>,
  options: TinyNetworkOptions = {},
): Promise<TinyNetwork> {
  const { geometry, weights } = model;
  const modules = options.modules ?? planLora(geometry, { ...loraDefaults, ...options.lora });
  const parameters = options.parameters ?? randomParameters(geometry, modules);
  const network = new ClassifierNetwork({
    geometry,
    weights,
    modules,
    parameters,
    backend: options.backend ?? (await tinyBackend()),
    blocksPerStage: options.blocksPerStage ?? Number.POSITIVE_INFINITY,
    activations: options.activations ?? 'products',
    pooling: options.pooling ?? 'last',
  });
  return { network, modules, parameters };
}

/** ONNX Runtime with one thread: tiny products gain nothing from more. */
export const tinyBackend = (): Promise<Backend> => sharedBackend(1);

/** The network of a fixture with its own adapter. */
export async function fixtureNetwork(
  name: FixtureName,
  options: TinyNetworkOptions = {},
): Promise<TinyNetwork & { readonly geometry: DecoderGeometry }> {
  const model = await openFixture(name);
  const header = readAdapterHeader(resolve(fixtureFolder(name), 'adapter'));
  const adapter = await loadAdapter(header, model.geometry);
  return { ...(await tinyNetwork(model, { ...adapter, ...options })), geometry: model.geometry };
}
