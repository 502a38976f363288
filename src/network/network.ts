/**
 * @file A base model with its adapters, run stage by stage under any head: logits, and loss with gradients. One call
 * handles one sequence of functions.
 */

import type { AdaptedMatrix } from '../adapters/adapted-matrix.ts';
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { mix32 } from '../adapters/dropout.ts';
import type { WholeParameter } from '../adapters/whole-parameters.ts';
import { invariant } from '../base/errors.ts';
import type { Head } from '../heads/head.ts';
import { isCausal } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';
import type { Loss, LossRows } from '../objectives/objective.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import type { Backend, Tensors } from '../runtime/backend.ts';
import { type HostTensor, hostTensor, zeros } from '../tensor/host-tensor.ts';
import { addRows, takeRows } from '../tensor/rows.ts';
import type { BaseWeights } from '../weights/base-weights.ts';
import { embed } from './embed.ts';
import { addEmbeddingGradients } from './embedding-gradients.ts';
import type { Activations } from './keep-policies.ts';
import { ParameterValues } from './parameter-values.ts';
import { type DropoutKeys, type PreparedSequence, prepareSequence, stageSpec } from './prepare-sequence.ts';
import { SequenceFeeds } from './sequence-feeds.ts';
import { layerKeyName, type StageParameter, type StageSpec } from './stage-graph.ts';
import { planStages, type StagePlan } from './stage-plan.ts';
import {
  type GradientTargets,
  gradientName,
  LOSS,
  OUTPUT,
  OUTPUT_GRADIENT,
  type SplitProgram,
  type StageParameters,
  StagePrograms,
  X_GRADIENT,
} from './stage-programs.ts';

export interface NetworkOptions {
  readonly model: Model;
  readonly weights: BaseWeights;
  readonly adapted: readonly AdaptedMatrix[];
  /** Parameters of the base model that are trained themselves. Default: none. */
  readonly whole?: readonly WholeParameter[];
  readonly parameters: AdapterParameters;
  readonly backend: Backend;
  /** Blocks of the model in one graph; Infinity: all trained blocks are one. */
  readonly blocksPerStage: number;
  readonly activations: Activations;
}

export interface StepTargets {
  readonly objective: Loss;
  /** The objective's inputs: labels, weights. */
  readonly feeds: Tensors;
  /** The head reads these rows of the hidden states, chunk by chunk, with the objective's inputs of each; default: all at once. */
  readonly rows?: LossRows;
  readonly dropout: DropoutKeys | undefined;
}

export interface StepResult {
  readonly loss: number;
  /** As the head gives them; empty where its rows are taken in chunks. */
  readonly logits: Float32Array;
}

/** Sums of gradients by PEFT's key, of the parameters' shapes. */
export type GradientSums = ReadonlyMap<string, Float32Array>;

export class Network {
  readonly #options: NetworkOptions;
  readonly #plan: StagePlan;
  readonly #programs: StagePrograms;
  readonly #feeds: SequenceFeeds;
  readonly #isCausal: boolean;
  readonly #values: ParameterValues;

  constructor(options: NetworkOptions) {
    const { model, adapted, whole = [], weights, backend, blocksPerStage } = options;
    this.#options = options;
    this.#plan = planStages([...adapted, ...whole], model.layers.length, blocksPerStage);
    this.#programs = new StagePrograms({ model, adapted, whole, format: weights.format }, backend);
    this.#values = new ParameterValues(options);
    this.#feeds = new SequenceFeeds(model);
    this.#isCausal = isCausal(model);
  }

  /** Whether functions that begin alike can share what is computed of their beginnings. */
  get isCausal(): boolean {
    return this.#isCausal;
  }

  /** Layers below the first trained one: `frozen` is their output. */
  get frozenLayerCount(): number {
    return this.#plan.frozen.reduce((count, layers) => count + layers.length, 0);
  }

  /** Hidden states behind the frozen layers, [N, D]. */
  async frozen(sequence: PackedSequence): Promise<HostTensor<'float32'>> {
    const prepared = this.#prepare(sequence);
    return this.#runForward(this.#plan.frozen, await this.#embed(sequence), prepared);
  }

  /** Hidden states behind each layer, [N, D], from the lowest up; of a network with a block a stage. */
  async *layerStates(sequence: PackedSequence): AsyncGenerator<HostTensor<'float32'>> {
    const { frozen, trained, last } = this.#plan;
    const prepared = this.#prepare(sequence);
    let x = await this.#embed(sequence);
    for (const layers of [...frozen, ...trained, last]) {
      invariant(layers.length === 1, 'states behind each layer are asked of a network with longer stages');
      x = await this.#runForward([layers], x, prepared);
      yield x;
    }
  }

  /** What the head says: logits [B, C], hidden states [N, D] ... `frozen`: what `frozen` gave for this sequence, if it is known. */
  async logits(
    sequence: PackedSequence,
    head: Head,
    frozen?: HostTensor<'float32'>,
  ): Promise<HostTensor<'float32'>> {
    const prepared = this.#prepare(sequence, head);
    const x = await this.#runForward(
      this.#plan.trained,
      await this.#start(sequence, prepared, frozen),
      prepared,
    );
    const spec = stageSpec(this.#plan.last, head, prepared);
    const program = await this.#programs.forward(spec);
    const out = await program.forward.run(await this.#stageFeeds(program, spec, prepared, x));
    return out[OUTPUT] as HostTensor<'float32'>;
  }

  /** Loss and logits of one sequence; its gradients are added to `sums`. */
  async step(
    sequence: PackedSequence,
    head: Head,
    targets: StepTargets,
    sums: GradientSums,
    frozen?: HostTensor<'float32'>,
  ): Promise<StepResult> {
    const isByRows = targets.rows !== undefined;
    const trained = isByRows ? [...this.#plan.trained, this.#plan.last] : this.#plan.trained;
    const prepared = this.#prepare(sequence, head, targets.dropout);
    const wantsFirst = this.#values.trainsEmbedding ? 'adapters and x' : 'adapters';
    const start = await this.#start(sequence, prepared, frozen);
    const { x, passes } = await this.#runKeeping(trained, start, prepared, (stage) =>
      stage > 0 ? 'adapters and x' : wantsFirst,
    );
    const wanted = trained.length > 0 ? 'adapters and x' : wantsFirst;
    const end = isByRows
      ? await this.#runRows(prepared, head, targets.objective, targets.rows, x, sums)
      : await this.#runWhole(prepared, head, targets, x, wanted, sums);
    let { gradient } = end;
    for (const pass of passes.toReversed()) {
      const { spec, program } = pass;
      const out = await this.#runBackward(pass, gradient!);
      this.#accumulate(program.trained, spec, out, sums);
      gradient = out[X_GRADIENT];
    }
    if (this.#values.trainsEmbedding) {
      const ofEmbedding = (name: string) => sums.get(this.#values.wholeKey(name) ?? '');
      const { model } = this.#options;
      await addEmbeddingGradients(model, this.#values.embedding, sequence, gradient!, ofEmbedding);
    }
    return { loss: end.loss, logits: end.logits };
  }

  /**
   * How much each token says for the objective: its embedding times the objective's gradient with respect to it (gradient
   * x input; Denil et al., 2014). [N] of the layout.
   */
  async relevance(
    sequence: PackedSequence,
    head: Head,
    targets: Pick<StepTargets, 'feeds' | 'objective'>,
  ): Promise<Float32Array> {
    const prepared = this.#prepare(sequence, head);
    const embedded = await this.#embed(sequence);
    const stages = [...this.#plan.frozen, ...this.#plan.trained];
    const { x, passes } = await this.#runKeeping(stages, embedded, prepared, () => 'x');
    let gradient = (await this.#runLoss(prepared, head, targets, x, 'x')).out[X_GRADIENT]!;
    for (const pass of passes.toReversed()) gradient = (await this.#runBackward(pass, gradient))[X_GRADIENT]!;
    return rowDots(embedded, gradient);
  }

  async release(): Promise<void> {
    await this.#programs.release();
  }

  /** Stages forward, with what their backward passes need. */
  async #runKeeping(
    stages: readonly (readonly number[])[],
    start: HostTensor<'float32'>,
    prepared: PreparedSequence,
    wanted: (stage: number) => GradientTargets,
  ): Promise<{ readonly x: HostTensor<'float32'>; readonly passes: readonly KeptPass[] }> {
    let x = start;
    const passes: KeptPass[] = [];
    for (const [stage, layers] of stages.entries()) {
      const spec = stageSpec(layers, undefined, prepared);
      const program = await this.#programs.split(spec, this.#options.activations, wanted(stage));
      const out = await program.forward.run(await this.#stageFeeds(program, spec, prepared, x));
      passes.push({ spec, program, prepared, x, kept: out });
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
    return { x, passes };
  }

  /** Weights are asked for again: where they are decoded for each use, all stages' would not fit beside one another. */
  async #runBackward({ spec, program, prepared, x, kept }: KeptPass, gradient: HostTensor) {
    const feeds = await this.#stageFeeds(program, spec, prepared, x);
    return await program.backward.run({ ...feeds, ...kept, [OUTPUT_GRADIENT]: gradient });
  }

  /** The last stage: logits, loss and gradients. */
  async #runLoss(
    prepared: PreparedSequence,
    head: Head,
    { objective, feeds: further }: Pick<StepTargets, 'feeds' | 'objective'>,
    x: HostTensor,
    wanted: GradientTargets,
  ) {
    const spec = stageSpec(this.#plan.last, head, prepared);
    const program = await this.#programs.loss(spec, objective, wanted);
    const feeds = await this.#stageFeeds(program, spec, prepared, x);
    const out = await program.step.run({ ...feeds, ...further });
    return { spec, program, out };
  }

  /** The last stage with its head in one run, its gradients added to `sums`. */
  async #runWhole(
    prepared: PreparedSequence,
    head: Head,
    targets: StepTargets,
    x: HostTensor,
    wanted: GradientTargets,
    sums: GradientSums,
  ): Promise<LossEnd> {
    const { spec, program, out } = await this.#runLoss(prepared, head, targets, x, wanted);
    this.#accumulate(program.trained, spec, out, sums);
    return {
      loss: Number(out[LOSS]!.data[0]),
      logits: (out[OUTPUT]!.data as Float32Array).slice(),
      gradient: out[X_GRADIENT],
    };
  }

  /** The head alone, on chunks of the rows that have a loss: memory is one chunk's, however wide the head is. */
  async #runRows(
    prepared: PreparedSequence,
    head: Head,
    objective: Loss,
    rows: LossRows,
    hidden: HostTensor<'float32'>,
    sums: GradientSums,
  ): Promise<LossEnd> {
    invariant(head.isRowWise === true, `the head "${head.id}" is read row by row, and does not allow it`);
    // Nothing is dropped from hidden states: the last block has dropped what it does.
    const spec = stageSpec([], head, { ...prepared, dropout: 0 });
    const program = await this.#programs.rows(spec, objective);
    const parameters = await this.#values.feeds(program, []);
    const gradient = zeros(hidden.dtype, hidden.shape);
    const { tokens, chunk } = rows;
    let loss = 0;
    for (let from = 0; from < tokens.length; from += chunk) {
      const to = Math.min(from + chunk, tokens.length);
      const own = tokens.subarray(from, to);
      const out = await program.step.run({
        ...parameters,
        ...rows.feeds(from, to),
        x: takeRows(hidden, own),
      });
      loss += Number(out[LOSS]!.data[0]);
      this.#accumulate(program.trained, spec, out, sums);
      addRows(gradient, own, out[X_GRADIENT]!);
    }
    return { loss, logits: new Float32Array(), gradient };
  }

  async #runForward(
    stages: readonly (readonly number[])[],
    start: HostTensor<'float32'>,
    prepared: PreparedSequence,
  ): Promise<HostTensor<'float32'>> {
    let x = start;
    for (const layers of stages) {
      const spec = stageSpec(layers, undefined, { ...prepared, dropout: 0 });
      const program = await this.#programs.forward(spec);
      const out = await program.forward.run(await this.#stageFeeds(program, spec, prepared, x));
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
    return x;
  }

  /** The output of the frozen layers: as it was given, or computed. */
  async #start(
    sequence: PackedSequence,
    prepared: PreparedSequence,
    frozen: HostTensor<'float32'> | undefined,
  ): Promise<HostTensor<'float32'>> {
    return frozen ?? (await this.#runForward(this.#plan.frozen, await this.#embed(sequence), prepared));
  }

  #prepare(sequence: PackedSequence, head?: Head, keys?: DropoutKeys): PreparedSequence {
    return prepareSequence(this.#feeds, sequence, { isCausal: this.isCausal, head, keys });
  }

  #embed(sequence: PackedSequence): Promise<HostTensor<'float32'>> {
    return embed(this.#options.model, this.#values.embedding, sequence);
  }

  /** Everything that a stage reads. */
  async #stageFeeds(
    program: StageParameters,
    spec: StageSpec,
    prepared: PreparedSequence,
    x: HostTensor,
  ): Promise<Tensors> {
    const parameters = await this.#values.feeds(program, spec.layers);
    return { ...prepared.feeds, ...layerKeys(spec), ...parameters, x };
  }

  #accumulate(
    trained: readonly StageParameter[],
    spec: StageSpec,
    gradients: Readonly<Record<string, HostTensor>>,
    sums: GradientSums,
  ): void {
    for (const parameter of trained) {
      const sum = sums.get(this.#values.trainedKey(spec.layers, parameter))!;
      const gradient = gradients[gradientName(parameter)]!.data as Float32Array;
      for (let i = 0; i < sum.length; i++) sum[i]! += gradient[i]!;
    }
  }
}

interface KeptPass {
  readonly spec: StageSpec;
  readonly program: SplitProgram;
  readonly prepared: PreparedSequence;
  readonly x: HostTensor<'float32'>;
  /** What the forward graph gave. */
  readonly kept: Tensors;
}

/** What comes of the head and its loss. */
interface LossEnd {
  readonly loss: number;
  readonly logits: Float32Array;
  /** The gradient of what the last stage, or the head, reads; undefined where it is not asked for. */
  readonly gradient: HostTensor | undefined;
}

/** [N] of two [N, D]: the sum of products over D. */
function rowDots(a: HostTensor, b: HostTensor): Float32Array {
  const [N, D] = a.shape as [number, number];
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  return Float32Array.from({ length: N }, (_, n) => {
    let sum = 0;
    for (let d = n * D; d < (n + 1) * D; d++) sum += left[d]! * right[d]!;
    return sum;
  });
}

function layerKeys(spec: StageSpec): Tensors {
  if (spec.dropout === 0) return {};
  return Object.fromEntries(
    spec.layers.map((layer, block) => [
      layerKeyName(block),
      hostTensor('uint32', [], Uint32Array.of(mix32(layer + 1))),
    ]),
  );
}
