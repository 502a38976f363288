/**
 * @file Compiled stages. Stages of the same structure share their programs: thirty equal blocks are one forward and one
 * backward graph, whatever the model's depth.
 */
import { appendGradients } from '../autodiff/gradients.ts';
import { splitForwardBackward } from '../autodiff/split.ts';
import type { Value } from '../graph/graph.ts';
import { optimize } from '../graph/passes/optimize.ts';
import type { Loss } from '../objectives/objective.ts';
import type { Backend, Executable } from '../runtime/backend.ts';
import { type Activations, keepPolicies } from './keep-policies.ts';
import {
  buildStage,
  type StageGraph,
  type StageParameter,
  type StageParts,
  type StageSpec,
  wholeNames,
} from './stage-graph.ts';

export interface StageParameters {
  readonly base: readonly StageParameter[];
  readonly trained: readonly StageParameter[];
}

/** Hidden states or logits of a stage: x -> output. */
export interface ForwardProgram extends StageParameters {
  readonly kind: 'forward';
  readonly forward: Executable;
}

/** x -> output and `kept`; then gradient of the output -> gradients of x and of what is trained. */
export interface SplitProgram extends StageParameters {
  readonly kind: 'split';
  readonly forward: Executable;
  readonly backward: Executable;
  readonly kept: readonly string[];
}

/** The last stage: x -> logits, loss, gradients, in one run. */
export interface LossProgram extends StageParameters {
  readonly kind: 'loss';
  readonly step: Executable;
}

/** A head alone, on rows of hidden states: x -> loss, gradients of x and of what is trained, in one run; no logits. */
export interface RowsProgram extends StageParameters {
  readonly kind: 'rows';
  readonly step: Executable;
}

type Program = ForwardProgram | SplitProgram | LossProgram | RowsProgram;

/** What a backward pass is asked for. */
export type GradientTargets = 'adapters' | 'adapters and x' | 'x';

export const OUTPUT = 'output';
export const OUTPUT_GRADIENT = 'output_gradient';
export const X_GRADIENT = 'x_gradient';
export const LOSS = 'loss';
/** Keys and values that a stage with a cache gives, by its blocks. */
export const keptKeyName = (block: number) => `kept_key.${block}`;
export const keptValueName = (block: number) => `kept_value.${block}`;
export const gradientName = (parameter: StageParameter) => `gradient.${parameter.input.name}`;

export class StagePrograms {
  readonly #parts: StageParts;
  readonly #backend: Backend;
  readonly #compiled = new Map<string, Promise<Program>>();

  constructor(parts: StageParts, backend: Backend) {
    this.#parts = parts;
    this.#backend = backend;
  }

  forward(spec: StageSpec): Promise<ForwardProgram> {
    return this.#once('forward', spec, async (stage) => {
      stage.builder.output(OUTPUT, stage.output);
      for (const [block, { key, value }] of stage.kept.entries()) {
        stage.builder.output(keptKeyName(block), key);
        stage.builder.output(keptValueName(block), value);
      }
      const forward = await this.#backend.compile(optimize(stage.builder.build()));
      return { kind: 'forward', forward, base: stage.base, trained: stage.trained };
    });
  }

  split(spec: StageSpec, activations: Activations, targets: GradientTargets): Promise<SplitProgram> {
    return this.#once(`split ${activations} ${targets}`, spec, async (stage) => {
      const { builder: b, output } = stage;
      const gradient = b.input(OUTPUT_GRADIENT, 'float32', output.shape);
      b.output(OUTPUT, output);
      const gradients = outputGradients(stage, { value: output, gradient }, targets);
      const joint = optimize(b.build());
      const cut = splitForwardBackward(joint, gradients, keepPolicies[activations]);
      return {
        kind: 'split',
        forward: await this.#backend.compile(optimize(cut.forward)),
        backward: await this.#backend.compile(cut.backward),
        kept: cut.kept,
        base: stage.base,
        trained: stage.trained,
      };
    });
  }

  loss(spec: StageSpec, objective: Loss, targets: GradientTargets): Promise<LossProgram> {
    return this.#once(`loss ${objective.id} ${targets}`, spec, async (stage) => {
      const { builder: b, output } = stage;
      const loss = objective.loss(b, output);
      b.output(OUTPUT, output);
      b.output(LOSS, loss);
      outputGradients(stage, { value: loss, gradient: b.scalar(1) }, targets);
      const step = await this.#backend.compile(optimize(b.build()));
      return { kind: 'loss', step, base: stage.base, trained: stage.trained };
    });
  }

  /** Logits are no output: what is held of them is of one run. The spec has no layers. */
  rows(spec: StageSpec, objective: Loss): Promise<RowsProgram> {
    return this.#once(`rows ${objective.id}`, spec, async (stage) => {
      const { builder: b, output } = stage;
      const loss = objective.loss(b, output);
      b.output(LOSS, loss);
      outputGradients(stage, { value: loss, gradient: b.scalar(1) }, 'adapters and x');
      const step = await this.#backend.compile(optimize(b.build()));
      return { kind: 'rows', step, base: stage.base, trained: stage.trained };
    });
  }

  async release(): Promise<void> {
    for (const program of await Promise.all(this.#compiled.values())) {
      await Promise.all(executablesOf(program).map((executable) => executable.release()));
    }
    this.#compiled.clear();
  }

  #once<P extends Program>(
    kind: string,
    spec: StageSpec,
    make: (stage: StageGraph) => Promise<P>,
  ): Promise<P> {
    const key = `${kind} ${this.#structure(spec)}`;
    const found = this.#compiled.get(key) ?? make(buildStage(this.#parts, spec));
    this.#compiled.set(key, found);
    // The key begins with the kind of program.
    return found as Promise<P>;
  }

  /** What the stage's graph depends on, layers by their place in the stage. */
  #structure(spec: StageSpec): string {
    const { model, adapted, whole } = this.#parts;
    const blocks = spec.layers.map((layer) => [
      model.layers[layer]!.block,
      adapted.filter((one) => one.layer === layer).map(({ structure }) => structure),
      [...wholeNames(whole, layer)],
    ]);
    const { head, dropout, queryChunks, sharesPrefixes, isJoined, cache } = spec;
    const inHead = adapted.filter(({ layer }) => layer === undefined).map(({ structure }) => structure);
    return JSON.stringify([
      blocks,
      head === undefined ? null : [head.id, inHead, [...wholeNames(whole, undefined)]],
      dropout,
      queryChunks,
      sharesPrefixes,
      isJoined,
      cache,
    ]);
  }
}

function executablesOf(program: Program): readonly Executable[] {
  switch (program.kind) {
    case 'split':
      return [program.forward, program.backward];
    case 'loss':
    case 'rows':
      return [program.step];
    case 'forward':
      return [program.forward];
  }
}

/** Appends the gradients asked for as outputs; returns their names. */
function outputGradients(
  { builder: b, x, trained }: StageGraph,
  seed: { readonly value: Value; readonly gradient: Value },
  targets: GradientTargets,
): ReadonlySet<string> {
  const parameters = targets === 'x' ? [] : trained;
  const wantsX = targets !== 'adapters';
  const wrt = [...parameters.map(({ input }) => input), ...(wantsX ? [x] : [])];
  const gradients = appendGradients(b, [seed], wrt);
  const names = [...parameters.map(gradientName), ...(wantsX ? [X_GRADIENT] : [])];
  for (const [i, name] of names.entries()) b.output(name, gradients[i]!);
  return new Set(names);
}
