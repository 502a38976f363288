/**
 * @file A decoder with its adapter and 2-class head, run stage by stage: logits, and loss with gradients. It knows
 * neither data sets nor optimisers; one call handles one sequence of functions.
 */

import { invariant } from '../base/errors.ts';
import type { DecoderGeometry } from '../model/geometry.ts';
import type { SequenceLayout } from '../packing/layout.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import { queryChunks } from '../packing/query-chunks.ts';
import { type AdapterParameters, parameterKey } from '../peft/adapter-parameters.ts';
import { mix32, rowKeys } from '../peft/dropout.ts';
import type { LoraModule } from '../peft/lora-plan.ts';
import type { Backend, Tensors } from '../runtime/backend.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { BaseWeights } from './base-weights.ts';
import type { Activations } from './keep-policies.ts';
import { meanWeights, SequenceFeeds } from './sequence-feeds.ts';
import {
  layerKeyName,
  type Pooling,
  ROW_KEYS,
  type StageEnd,
  type StageParameter,
  type StageSpec,
} from './stage-graph.ts';
import { planStages, type StagePlan } from './stage-plan.ts';
import {
  type GradientTargets,
  gradientName,
  LOSS,
  type Objective,
  OUTPUT,
  OUTPUT_GRADIENT,
  type SplitProgram,
  type StageParameters,
  StagePrograms,
  X_GRADIENT,
} from './stage-programs.ts';

export interface NetworkOptions {
  readonly geometry: DecoderGeometry;
  readonly weights: BaseWeights;
  readonly modules: readonly LoraModule[];
  readonly parameters: AdapterParameters;
  readonly backend: Backend;
  /** Blocks of the model in one graph; Infinity: all trained blocks are one. */
  readonly blocksPerStage: number;
  readonly activations: Activations;
  readonly pooling: Pooling;
}

export interface StepTargets {
  /** Further inputs of the objective: labels, weights. */
  readonly feeds: Tensors;
  readonly objective: Objective;
  readonly dropout: DropoutKeys | undefined;
}

export interface DropoutKeys {
  readonly probability: number;
  readonly seed: number;
  readonly step: number;
  /** [B] which function of the data set each row is. */
  readonly functions: readonly number[];
}

export interface StepResult {
  readonly loss: number;
  readonly logits: Float32Array; // [B, 2]
}

/** Sums of gradients by PEFT's key, of the parameters' shapes. */
export type GradientSums = ReadonlyMap<string, Float32Array>;

export class ClassifierNetwork {
  readonly #options: NetworkOptions;
  readonly #plan: StagePlan;
  readonly #programs: StagePrograms;
  readonly #feeds: SequenceFeeds;

  constructor(options: NetworkOptions) {
    const { geometry, modules, backend, blocksPerStage } = options;
    this.#options = options;
    this.#plan = planStages(modules, geometry.layerCount, blocksPerStage);
    this.#programs = new StagePrograms(geometry, modules, backend);
    this.#feeds = new SequenceFeeds(geometry);
  }

  /** Layers below the first trained one: `frozenHidden` is their output. */
  get frozenLayerCount(): number {
    return this.#plan.frozen.reduce((count, layers) => count + layers.length, 0);
  }

  /** Hidden states behind the frozen layers, [N, D]. */
  async frozenHidden(sequence: PackedSequence): Promise<HostTensor<'float32'>> {
    const prepared = this.#prepare(sequence.layout);
    return this.#runForward(this.#plan.frozen, await this.#embed(sequence), prepared);
  }

  /** Logits [B, 2]. `frozen`: what `frozenHidden` gave for this sequence, if it is known. */
  async logits(sequence: PackedSequence, frozen?: HostTensor<'float32'>): Promise<Float32Array> {
    const { pooling } = this.#options;
    const prepared = this.#prepare(sequence.layout);
    const start =
      frozen ?? (await this.#runForward(this.#plan.frozen, await this.#embed(sequence), prepared));
    const x = await this.#runForward(this.#plan.trained, start, prepared);
    return this.#runEnd({ kind: 'classifier', pooling }, x, prepared);
  }

  /** Hidden states of every token behind the final norm, [N, D]. */
  async hidden(sequence: PackedSequence): Promise<Float32Array> {
    const prepared = this.#prepare(sequence.layout);
    const below = [...this.#plan.frozen, ...this.#plan.trained];
    const x = await this.#runForward(below, await this.#embed(sequence), prepared);
    return this.#runEnd({ kind: 'hidden' }, x, prepared);
  }

  /** Loss and logits of one sequence; its gradients are added to `sums`. */
  async step(
    sequence: PackedSequence,
    targets: StepTargets,
    sums: GradientSums,
    frozen?: HostTensor<'float32'>,
  ): Promise<StepResult> {
    const { trained } = this.#plan;
    const prepared = this.#prepare(sequence.layout, targets.dropout);
    const start =
      frozen ?? (await this.#runForward(this.#plan.frozen, await this.#embed(sequence), prepared));
    const { x, passes } = await this.#runKeeping(trained, start, prepared, (stage) =>
      stage > 0 ? 'adapters and x' : 'adapters',
    );
    const wanted = trained.length > 0 ? 'adapters and x' : 'adapters';
    const end = await this.#runLoss(prepared, targets, x, wanted);
    this.#accumulate(end.program.adapter, end.spec, end.out, sums);
    let gradient = end.out[X_GRADIENT];
    for (const { spec, program, feeds } of passes.toReversed()) {
      const out = await program.backward.run({ ...feeds, [OUTPUT_GRADIENT]: gradient! });
      this.#accumulate(program.adapter, spec, out, sums);
      gradient = out[X_GRADIENT];
    }
    return {
      loss: Number(end.out[LOSS]!.data[0]),
      logits: (end.out[OUTPUT]!.data as Float32Array).slice(),
    };
  }

  /**
   * How much each token says for the objective: its embedding times the objective's gradient with respect to it (gradient
   * x input; Denil et al., 2014). [N] of the layout.
   */
  async embeddingRelevance(
    sequence: PackedSequence,
    targets: Pick<StepTargets, 'feeds' | 'objective'>,
  ): Promise<Float32Array> {
    const prepared = this.#prepare(sequence.layout);
    const embedded = await this.#embed(sequence);
    const stages = [...this.#plan.frozen, ...this.#plan.trained];
    const { x, passes } = await this.#runKeeping(stages, embedded, prepared, () => 'x');
    let gradient = (await this.#runLoss(prepared, targets, x, 'x')).out[X_GRADIENT]!;
    for (const { program, feeds } of passes.toReversed()) {
      const out = await program.backward.run({ ...feeds, [OUTPUT_GRADIENT]: gradient });
      gradient = out[X_GRADIENT]!;
    }
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
      const spec = stageSpec(layers, { kind: 'none' }, prepared);
      const program = await this.#programs.split(spec, this.#options.activations, wanted(stage));
      const feeds = await this.#stageFeeds(program, spec, prepared, x);
      const out = await program.forward.run(feeds);
      passes.push({ spec, program, feeds: { ...feeds, ...out } });
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
    return { x, passes };
  }

  /** The last stage: logits, loss and gradients. */
  async #runLoss(
    prepared: PreparedSequence,
    { objective, feeds: further }: Pick<StepTargets, 'feeds' | 'objective'>,
    x: HostTensor,
    wanted: GradientTargets,
  ) {
    const end = { kind: 'classifier', pooling: this.#options.pooling } as const;
    const spec = stageSpec(this.#plan.last, end, prepared);
    const program = await this.#programs.loss(spec, objective, wanted);
    const feeds = await this.#stageFeeds(program, spec, prepared, x);
    const out = await program.step.run({ ...feeds, ...further });
    return { spec, program, out };
  }

  async #runForward(
    stages: readonly (readonly number[])[],
    start: HostTensor<'float32'>,
    prepared: PreparedSequence,
  ): Promise<HostTensor<'float32'>> {
    let x = start;
    for (const layers of stages) {
      const spec = stageSpec(layers, { kind: 'none' }, { ...prepared, dropout: 0 });
      const program = await this.#programs.forward(spec);
      const out = await program.forward.run(await this.#stageFeeds(program, spec, prepared, x));
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
    return x;
  }

  /** The last stage, forward only. */
  async #runEnd(end: StageEnd, x: HostTensor, prepared: PreparedSequence): Promise<Float32Array> {
    const spec = stageSpec(this.#plan.last, end, prepared);
    const program = await this.#programs.forward(spec);
    const out = await program.forward.run(await this.#stageFeeds(program, spec, prepared, x));
    return out[OUTPUT]!.data as Float32Array;
  }

  #prepare(layout: SequenceLayout, keys?: DropoutKeys): PreparedSequence {
    const chunks = queryChunks(layout.rowLength);
    const feeds = {
      ...this.#feeds.make(layout, chunks),
      ...(this.#options.pooling === 'mean' ? { mean_weights: meanWeights(layout) } : {}),
      ...dropoutFeeds(layout, keys),
    };
    const sharesPrefixes = layout.keys !== undefined;
    const probability = keys?.probability ?? 0;
    invariant(
      !sharesPrefixes || probability === 0,
      'functions that are dropped from differently share nothing',
    );
    return { feeds, queryChunks: chunks, sharesPrefixes, dropout: probability };
  }

  /** Rows of the embedding, [N, D]: a sequence needs few of them, so the matrix itself is never in memory. */
  async #embed({ ids }: PackedSequence): Promise<HostTensor<'float32'>> {
    const { geometry, weights } = this.#options;
    return await weights.rows(geometry.names.embedding, ids);
  }

  /** Everything that a stage reads. */
  async #stageFeeds(
    program: StageParameters,
    spec: StageSpec,
    prepared: PreparedSequence,
    x: HostTensor,
  ): Promise<Tensors> {
    const { weights, parameters } = this.#options;
    const feeds: Record<string, HostTensor> = { ...prepared.feeds, ...layerKeys(spec), x };
    for (const parameter of program.base) {
      feeds[parameter.input.name] = await weights.get(this.#fullName(parameter, spec));
    }
    for (const parameter of program.adapter) {
      feeds[parameter.input.name] = parameters.get(this.#adapterKey(parameter, spec))!;
    }
    return feeds;
  }

  #fullName({ block, name }: StageParameter, spec: StageSpec): string {
    return block === undefined ? name : this.#options.geometry.names.block(spec.layers[block]!) + name;
  }

  #adapterKey(parameter: StageParameter, spec: StageSpec): string {
    return parameterKey(this.#fullName(parameter, spec));
  }

  #accumulate(
    adapter: readonly StageParameter[],
    spec: StageSpec,
    gradients: Readonly<Record<string, HostTensor>>,
    sums: GradientSums,
  ): void {
    for (const parameter of adapter) {
      const sum = sums.get(this.#adapterKey(parameter, spec))!;
      const gradient = gradients[gradientName(parameter)]!.data as Float32Array;
      for (let i = 0; i < sum.length; i++) sum[i]! += gradient[i]!;
    }
  }
}

interface KeptPass {
  readonly spec: StageSpec;
  readonly program: SplitProgram;
  readonly feeds: Tensors;
}

/** What all stages read of one sequence, and how their graphs are made for it. */
interface PreparedSequence {
  readonly feeds: Tensors;
  readonly queryChunks: number;
  readonly sharesPrefixes: boolean;
  readonly dropout: number;
}

function stageSpec(
  layers: readonly number[],
  end: StageEnd,
  { queryChunks, sharesPrefixes, dropout }: Omit<PreparedSequence, 'feeds'>,
): StageSpec {
  // Nothing but the pruned block: one query a row, no chunks.
  const isPruned = layers.length === 1 && end.kind === 'classifier' && end.pooling === 'last';
  return { layers, end, dropout, sharesPrefixes, queryChunks: isPruned ? 1 : queryChunks };
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

/** [N, 1] keys of the real tokens; padding is never seen, whatever is dropped of it. */
function dropoutFeeds(layout: SequenceLayout, keys: DropoutKeys | undefined): Tensors {
  if (keys === undefined || keys.probability === 0) return {};
  const rows = new Uint32Array(layout.tokenCount);
  layout.flatTokens.forEach((tokens, row) => {
    const start = tokens[0]!;
    const own = rows.subarray(start, start + tokens.length);
    rowKeys(own, keys.seed, keys.step, keys.functions[row]!);
  });
  return { [ROW_KEYS]: hostTensor('uint32', [layout.tokenCount, 1], rows) };
}
