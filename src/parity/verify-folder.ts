/**
 * @file Computes what a folder of reference outputs holds, with our engine, and compares: hidden states, logits, losses,
 * gradients, and five steps of training.
 */

import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { type LoadedAdapter, loadAdapter, readAdapterHeader } from '../adapters/files/adapter-files.ts';
import type { AdapterPlan } from '../adapters/lora-plan.ts';
import { VultuneError } from '../base/errors.ts';
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts';
import { resolvePooling } from '../heads/classifier.ts';
import { hiddenStates } from '../heads/hidden-states.ts';
import { languageModel } from '../heads/language-model.ts';
import { maskedLanguageModel } from '../heads/masked-language-model.ts';
import { isCausal } from '../model/matrices.ts';
import { modelCheckpoint } from '../model/model-checkpoint.ts';
import type { Model } from '../model/spec.ts';
import { Network } from '../network/network.ts';
import type { Label, LossOptions } from '../objectives/classification.ts';

import { packSequence } from '../packing/pack-sequence.ts';
import type { Backend } from '../runtime/backend.ts';
import { classify } from '../tasks/classify.ts';
import { hostTensor } from '../tensor/host-tensor.ts';
import { transpose } from '../tensor/transpose.ts';
import { type AdamWState, adamWStep, zerosLike } from '../training/adamw.ts';
import { clipGradients } from '../training/gradient-clipping.ts';
import { learningRate } from '../training/learning-rate.ts';
import { copyParameters } from '../training/trainer-state.ts';
import { BaseWeights } from '../weights/base-weights.ts';
import { type Comparison, compare, type Tolerance, worst } from './compare.ts';
import { type ReferenceFolder, readReferenceFolder } from './reference-folder.ts';

export interface VerifyOptions {
  readonly backend: Backend;
  readonly blocksPerStage: number;
  /** Replaces every default bound. */
  readonly tolerance: number | undefined;
}

/** How the reference's five steps were made (see its README). */
const TRAINING = {
  steps: 5,
  peak: 1e-2,
  maxGradientNorm: 1,
  adamw: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
} as const;

/** One comparison per quantity the folder has. Throws for a folder, model or adapter that can't be read. */
export async function verifyFolder(dir: string, options: VerifyOptions): Promise<readonly Comparison[]> {
  const reference = await readReferenceFolder(dir);
  const stored = await openCheckpoint(reference.base);
  try {
    const { model, checkpoint } = modelCheckpoint(stored);
    requireKnownTokens(reference, model);
    const adapter = await loadAdapter(readAdapterHeader(reference.adapter), model, verifiedTask(model).head);
    const verifier = new Verifier(reference, model, new BaseWeights(checkpoint), adapter, options);
    return await verifier.run();
  } finally {
    await stored.close();
  }
}

class Verifier {
  readonly #reference: ReferenceFolder;
  readonly #model: Model;
  readonly #weights: BaseWeights;
  readonly #adapter: LoadedAdapter;
  readonly #options: VerifyOptions;
  readonly #rows: Comparison[] = [];

  constructor(
    reference: ReferenceFolder,
    model: Model,
    weights: BaseWeights,
    adapter: LoadedAdapter,
    options: VerifyOptions,
  ) {
    this.#reference = reference;
    this.#model = model;
    this.#weights = weights;
    this.#adapter = adapter;
    this.#options = options;
  }

  async run(): Promise<readonly Comparison[]> {
    await this.#base();
    const network = this.#network(this.#adapter, this.#adapter.parameters);
    await this.#loss(
      network,
      'ce_sum',
      { kind: 'cross_entropy' },
      this.#reference.labels.map(() => 1),
    );
    await this.#loss(network, 'focal2_weighted_sum', { kind: 'focal', gamma: 2 }, this.#reference.weights);
    await network.release();
    await this.#training();
    return this.#rows;
  }

  #network({ adapted, whole }: AdapterPlan, parameters: AdapterParameters): Network {
    return new Network({
      model: this.#model,
      weights: this.#weights,
      adapted,
      whole,
      parameters,
      backend: this.#options.backend,
      blocksPerStage: this.#options.blocksPerStage,
      activations: 'products',
    });
  }

  #compare(
    quantity: string,
    found: ArrayLike<number>,
    reference: ArrayLike<number>,
    tolerance: Tolerance,
  ): void {
    this.#rows.push(compare(quantity, found, reference, this.#bound(tolerance)));
  }

  #bound(tolerance: Tolerance): Tolerance {
    return { ...tolerance, bound: this.#options.tolerance ?? tolerance.bound };
  }

  /** The base model alone: hidden states, next-token logits and loss, functions apart and joined. */
  async #base(): Promise<void> {
    const { functions } = this.#reference;
    const network = this.#network({ adapted: [], whole: [] }, this.#adapter.parameters);
    const packed = packSequence(functions);
    const { data: hidden } = await network.logits(packed, hiddenStates);
    const names = ['lm_logits', 'next_token_loss_sum'];
    const logits = names.some((name) => this.#reference.optional(name) !== undefined)
      ? (await network.logits(packed, vocabularyHead(this.#model))).data
      : new Float32Array();
    const absolute: Tolerance = { kind: 'absolute', bound: 1e-4 };
    const expect = (name: string, found: () => ArrayLike<number>, tolerance: Tolerance = absolute) => {
      const reference = this.#reference.optional(name);
      if (reference !== undefined) this.#compare(name, found(), reference, tolerance);
    };
    expect('hidden', () => hidden);
    expect('lm_logits', () => logits);
    // The head of an encoder is asked what stands at a token, which no token after it says.
    if (this.#reference.optional('next_token_loss_sum') !== undefined) languageModel(this.#model, 'every');
    expect('next_token_loss_sum', () => [nextTokenLoss(logits, functions, this.#model.vocabularySize)], {
      kind: 'of_largest',
      bound: 1e-4,
    });
    // Encoders have none: together, functions may have more tokens than there are positions.
    if (this.#reference.optional('joined_hidden') !== undefined) {
      const joined = await network.logits(packSequence(functions, { packing: 'joined' }), hiddenStates);
      expect('joined_hidden', () => joined.data);
    }
    await network.release();
  }

  /** Logits, loss and gradients of the adapted model under one objective. */
  async #loss(
    network: Network,
    name: 'ce_sum' | 'focal2_weighted_sum',
    loss: LossOptions,
    weights: readonly number[],
  ): Promise<void> {
    const reference = this.#reference;
    const sums = zerosLike(this.#adapter.parameters);
    const { head, objective } = verifiedTask(this.#model, loss);
    const step = await network.step(
      packSequence(reference.functions),
      head,
      { objective, feeds: objective.feeds(examples(reference.labels, weights), 1), dropout: undefined },
      sums,
    );
    const logits = reference.optional('cls_logits');
    if (name === 'ce_sum' && logits !== undefined) {
      this.#compare('cls_logits', step.logits, logits, { kind: 'absolute', bound: 1e-4 });
    }
    const expected = reference.optional(`loss_${name}`);
    if (expected !== undefined) {
      this.#compare(`loss_${name}`, [step.loss], expected, { kind: 'of_largest', bound: 1e-4 });
    }
    this.#compareAll(`grad_${name}`, sums, { kind: 'of_largest', bound: 1e-4 });
  }

  async #training(): Promise<void> {
    const expected = this.#reference.optional('train/losses');
    if (expected === undefined) return;
    const { labels, functions } = this.#reference;
    const parameters = copyParameters(this.#adapter.parameters);
    const network = this.#network(this.#adapter, parameters);
    const state: AdamWState = {
      firstMoment: zerosLike(parameters),
      secondMoment: zerosLike(parameters),
      step: 0,
    };
    const { head, objective } = verifiedTask(this.#model);
    const rows = examples(
      labels,
      labels.map(() => 1 / labels.length),
    );
    const targets = { objective, feeds: objective.feeds(rows, 1), dropout: undefined };
    const losses: number[] = [];
    for (let step = 0; step < TRAINING.steps; step++) {
      const gradients = zerosLike(parameters);
      losses.push((await network.step(packSequence(functions), head, targets, gradients)).loss);
      clipGradients(gradients, TRAINING.maxGradientNorm);
      const schedule = {
        type: 'cosine',
        peak: TRAINING.peak,
        warmupSteps: 0,
        totalSteps: TRAINING.steps,
      } as const;
      adamWStep(parameters, gradients, state, learningRate(schedule, step), TRAINING.adamw);
    }
    await network.release();
    this.#compare('train/losses', losses, expected, { kind: 'of_largest', bound: 1e-4 });
    const arrays = new Map([...parameters].map(([key, { data }]) => [key, data]));
    this.#compareAll('train/final', arrays, { kind: 'of_largest', bound: 1e-3 });
  }

  /** One row for all tensors `PREFIX/NAME` of the reference. */
  #compareAll(prefix: string, found: ReadonlyMap<string, Float32Array>, tolerance: Tolerance): void {
    const expected = this.#reference.all(`${prefix}/`);
    if (expected.size === 0) return;
    const rows = [...expected].map(([key, reference]) =>
      compare(key, this.#asStored(key, found.get(key)), reference, this.#bound(tolerance)),
    );
    this.#rows.push(worst(prefix, rows));
  }

  /** Values of a parameter in the order that files have them in. */
  #asStored(key: string, found: Float32Array | undefined): ArrayLike<number> {
    const isTransposed = this.#adapter.whole.some((one) => one.key === key && one.transposed);
    if (found === undefined || !isTransposed) return found ?? [];
    return transpose(hostTensor('float32', this.#adapter.parameters.get(key)!.shape, found)).data;
  }
}

/** The references are of Transformers' classifiers, which pool as the family has it. */
const verifiedTask = (model: Model, loss: LossOptions = { kind: 'cross_entropy' }) =>
  classify(model, { pooling: resolvePooling(model, undefined), loss });

const vocabularyHead = (model: Model) =>
  isCausal(model) ? languageModel(model, 'every') : maskedLanguageModel(model);

const examples = (labels: readonly Label[], weights: readonly number[]) =>
  labels.map((target, i) => ({ target, weight: weights[i]! }));

function requireKnownTokens({ dir, functions }: ReferenceFolder, { vocabularySize }: Model): void {
  const unknown = functions.flat().find((id) => id < 0 || id >= vocabularySize);
  if (unknown === undefined) return;
  throw new VultuneError(
    'PARITY_FOLDER',
    `token ${unknown} does not exist: the model has ${vocabularySize}`,
    {
      where: { file: dir, name: 'input_ids' },
      hint: 'The reference outputs are of another model.',
    },
  );
}

/** Sum over functions and positions of -log p(next token), nats. */
function nextTokenLoss(
  logits: Float32Array,
  functions: readonly (readonly number[])[],
  vocabularySize: number,
): number {
  let loss = 0;
  let row = 0;
  for (const ids of functions) {
    for (const next of ids.slice(1)) {
      const scores = logits.subarray(row * vocabularySize, (row + 1) * vocabularySize);
      const largest = scores.reduce((m, x) => Math.max(m, x), Number.NEGATIVE_INFINITY);
      const sum = scores.reduce((s, x) => s + Math.exp(x - largest), 0);
      loss += largest + Math.log(sum) - scores[next]!;
      row++;
    }
    row++;
  }
  return loss;
}
