/**
 * @file Models small enough for a test: the random ones of test/fixtures, and made-up ones of any size and family held
 * in memory; networks on them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AdaptedMatrix } from '../../src/adapters/adapted-matrix.ts';
import { type AdapterParameters, parameterSpecs } from '../../src/adapters/adapter-parameters.ts';
import { loadAdapter, readAdapterHeader } from '../../src/adapters/files/adapter-files.ts';
import { type LoraOptions, planAdapters } from '../../src/adapters/lora-plan.ts';
import type { WholeParameter } from '../../src/adapters/whole-parameters.ts';
import { randomStream } from '../../src/base/random.ts';
import type { Checkpoint } from '../../src/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { baseShapes } from '../../src/heads/check-head-weights.ts';
import { classifier, resolvePooling } from '../../src/heads/classifier.ts';
import type { Head } from '../../src/heads/head.ts';
import { promisedShapes } from '../../src/model/check-weights.ts';
import { FAMILY_NAMES, readModel } from '../../src/model/families/registry.ts';
import { modelCheckpoint } from '../../src/model/model-checkpoint.ts';
import type { Block, Model, Pooling } from '../../src/model/spec.ts';
import { Network, type NetworkOptions } from '../../src/network/network.ts';

import type { Backend } from '../../src/runtime/backend.ts';
import { classifierJudgement } from '../../src/tasks/classify.ts';
import type { Judgement } from '../../src/tasks/task.ts';
import { type HostTensor, hostTensor, sizeOf } from '../../src/tensor/host-tensor.ts';
import { BaseWeights } from '../../src/weights/base-weights.ts';
import type { WeightFormat } from '../../src/weights/weight-format.ts';
import { sharedBackend } from './ort-run.ts';
import { rowsOf } from './rows-of.ts';

const FIXTURES = resolve(import.meta.dirname, '../fixtures');

export const fixtureFolder = (name: string) => resolve(FIXTURES, name);

const familyOf = (name: string): unknown => {
  const config = resolve(fixtureFolder(name), 'base/config.json');
  return existsSync(config) ? JSON.parse(readFileSync(config, 'utf8')).model_type : undefined;
};

/** Folders of test/fixtures with reference outputs for models of a family. */
export const fixturesOf = (family: string): readonly string[] =>
  readdirSync(FIXTURES)
    .filter((name) => familyOf(name) === family)
    .toSorted();

/** The same for every family of the registry. */
export const FIXTURE_NAMES: readonly string[] = FAMILY_NAMES.flatMap(fixturesOf);

/** Where packed is held to alone: one of each family, and each other kind of block. */
export const PACKED_FIXTURES: readonly string[] = [
  ...FAMILY_NAMES.map((family) => fixturesOf(family)[0]!),
  // Padding stands beyond the last of its 40 positions; one key and value a head; 8 shards; a window everywhere.
  'gpt2-bare',
  'gpt_bigcode-mha',
  'codegen2',
  'starcoder2-window',
];

export interface TinyModel {
  readonly model: Model;
  readonly weights: BaseWeights;
  readonly fingerprint: string;
  readonly checkpoint: Checkpoint;
}

/** The same model, its matrices held in another format. */
export const inFormat = (tiny: TinyModel, format: WeightFormat): TinyModel => ({
  ...tiny,
  weights: new BaseWeights(tiny.checkpoint, format),
});

/** The base model of a fixture. */
export async function openFixture(name: string): Promise<TinyModel> {
  const stored = await openCheckpoint(resolve(fixtureFolder(name), 'base'));
  const { model, checkpoint } = modelCheckpoint(stored);
  return {
    model,
    weights: new BaseWeights(checkpoint),
    fingerprint: checkpoint.fingerprint,
    checkpoint,
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

/** Config.json of two layers of each encoder, which see everything and, in ModernBERT, 3 tokens to each side. */
export const ENCODER_CONFIGS = {
  bert: {
    model_type: 'bert',
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: 64,
  },
  roberta: {
    model_type: 'roberta',
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: 66,
    type_vocab_size: 1,
    pad_token_id: 1,
  },
  modernbert: {
    model_type: 'modernbert',
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    local_attention: 6,
  },
} as const;
export type EncoderName = keyof typeof ENCODER_CONFIGS;
export const ENCODER_NAMES = Object.keys(ENCODER_CONFIGS) as readonly EncoderName[];

/** A model that is on no disk: random weights, the same for the same seed. */
export const makeModel = (config: Readonly<Record<string, unknown>>, seed = 1): TinyModel =>
  withRandomWeights(readModel(config, 'tiny'), config, seed);

/** A model whose blocks are changed to what no family has. */
export function makeChangedModel(
  config: Readonly<Record<string, unknown>>,
  change: (block: Block) => Block,
): TinyModel {
  const model = readModel(config, 'tiny');
  const layers = model.layers.map((layer) => ({ ...layer, block: change(layer.block) }));
  return withRandomWeights({ ...model, layers }, config, 1);
}

function withRandomWeights(model: Model, config: Readonly<Record<string, unknown>>, seed: number): TinyModel {
  const { heads, vocabularySize, hiddenSize } = model;
  const pooling = resolvePooling(model, undefined);
  const shapes = new Map<string, readonly number[]>([
    ...promisedShapes(model),
    ...baseShapes(classifier(model, { classes: 2, pooling })),
    [heads.languageModel, [vocabularySize, hiddenSize]],
  ]);
  const tensors = new Map([...shapes].map(([name, shape]) => [name, randomTensor(name, shape, seed)]));
  const checkpoint: Checkpoint = {
    path: 'tiny',
    config,
    tensors: shapes as never,
    tokenizer: undefined,
    fingerprint: `tiny ${seed}`,
    notes: [],
    read: async (name) => tensors.get(name)!,
    readRows: async (name, rows) => rowsOf(tensors.get(name)!, rows),
    close: async () => {},
  };
  return { model, weights: new BaseWeights(checkpoint), fingerprint: checkpoint.fingerprint, checkpoint };
}

/**
 * Matrices with rows of length about 0.6, norms about 1, biases about 0: larger ones make sharp attention, which turns
 * float32 rounding into differences that tests would have to allow for.
 */
function randomTensor(name: string, shape: readonly number[], seed: number): HostTensor<'float32'> {
  const random = randomStream(seed, name);
  const isNorm = /norm|\bln_/i.test(name) && !name.endsWith('.bias');
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
  adapted: readonly AdaptedMatrix[],
  { head }: Pick<Judgement, 'head'>,
  seed = 2,
  whole: readonly WholeParameter[] = [],
): AdapterParameters {
  return new Map(
    parameterSpecs(adapted, head, whole).map(({ key, shape }) => [key, randomTensor(key, shape, seed)]),
  );
}

export interface TinyNetworkOptions extends Partial<Omit<NetworkOptions, 'model' | 'weights'>> {
  /** Default: the classifier of two classes that pools as `pooling` says. */
  readonly head?: Head;
  /** Default: `last`. */
  readonly pooling?: Pooling;
  readonly lora?: Partial<LoraOptions>;
  /** Format of a fixture's weights. Default: float32. */
  readonly format?: WeightFormat;
}

export interface TinyNetwork {
  readonly network: Network;
  /** The classifier's, on the network's head: its scores need two logits per function. */
  readonly judgement: Judgement;
  readonly adapted: readonly AdaptedMatrix[];
  readonly whole: readonly WholeParameter[];
  readonly parameters: AdapterParameters;
}

/** A network on a model: one graph, LoRA on everything with random values, unless told otherwise. */
export async function tinyNetwork(
  { model, weights }: Pick<TinyModel, 'model' | 'weights'>,
  options: TinyNetworkOptions = {},
): Promise<TinyNetwork> {
  const ofFamily = classifierJudgement(model, resolvePooling(model, options.pooling));
  const judgement = { ...ofFamily, head: options.head ?? ofFamily.head };
  const plan = planAdapters(model, { ...loraDefaults, ...options.lora }, judgement.head);
  const adapted = options.adapted ?? plan.adapted;
  const whole = options.whole ?? (options.adapted === undefined ? plan.whole : []);
  const parameters = options.parameters ?? randomParameters(adapted, judgement, undefined, whole);
  const network = new Network({
    model,
    weights,
    adapted,
    whole,
    parameters,
    backend: options.backend ?? (await tinyBackend()),
    blocksPerStage: options.blocksPerStage ?? Number.POSITIVE_INFINITY,
    activations: options.activations ?? 'products',
  });
  return { network, judgement, adapted, whole, parameters };
}

/** ONNX Runtime with one thread: tiny products gain nothing from more. */
export const tinyBackend = (): Promise<Backend> => sharedBackend(1);

/** The network of a fixture with its own adapter. */
export async function fixtureNetwork(
  name: string,
  options: TinyNetworkOptions = {},
): Promise<TinyNetwork & { readonly model: Model }> {
  const opened = await openFixture(name);
  const tiny = options.format === undefined ? opened : inFormat(opened, options.format);
  const header = readAdapterHeader(resolve(fixtureFolder(name), 'adapter'));
  const head =
    options.head ?? classifierJudgement(tiny.model, resolvePooling(tiny.model, options.pooling)).head;
  const adapter = await loadAdapter(header, tiny.model, head);
  return { ...(await tinyNetwork(tiny, { ...adapter, ...options })), model: tiny.model };
}
