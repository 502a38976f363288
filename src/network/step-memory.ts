/**
 * @file The memory of a training step without running it: what the forward pass keeps for the backward pass, and what the largest graph
 * needs while it runs, from the graphs themselves and the sizes of one sequence.
 */

import type { Graph } from '../graph/graph.ts';
import { peakValueBytes, type Sizes, valueBytes } from '../graph/peak-memory.ts';
import type { Head } from '../heads/head.ts';
import { isCausal } from '../model/matrices.ts';
import type { Loss, LossRows } from '../objectives/objective.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import type { Backend, Tensors } from '../runtime/backend.ts';
import type { NetworkOptions } from './network.ts';
import { type DropoutKeys, prepareSequence, stageSpec } from './prepare-sequence.ts';
import { SequenceFeeds } from './sequence-feeds.ts';
import type { StageParts } from './stage-graph.ts';
import { planStages } from './stage-plan.ts';
import { StagePrograms } from './stage-programs.ts';

export interface StepMemory {
  /** Outputs of stages and what they keep, until the backward pass is over. */
  readonly keptBytes: number;
  /** Values of the largest graph while it runs. */
  readonly workingBytes: number;
  /** The part of `workingBytes` that the last stage takes: the head and its logits. */
  readonly headBytes: number;
  /** Indices, masks and rotary tables. */
  readonly feedBytes: number;
}

export type StepParts = StageParts & Pick<NetworkOptions, 'blocksPerStage' | 'activations'>;

export interface StepUse {
  readonly head: Head;
  readonly objective: Loss;
  /** The objective's inputs. */
  readonly feeds: Tensors;
  /** The head reads these rows alone, chunk by chunk. */
  readonly rows?: LossRows | undefined;
  readonly dropout: DropoutKeys | undefined;
  /** Whether the frozen layers' output is given, and not computed within the step. */
  readonly frozenGiven: boolean;
}

export async function stepMemory(
  { blocksPerStage, activations, ...parts }: StepParts,
  sequence: PackedSequence,
  { head, objective, feeds, rows, dropout, frozenGiven }: StepUse,
): Promise<StepMemory> {
  const { model, adapted, whole = [] } = parts;
  const plan = planStages([...adapted, ...whole], model.layers.length, blocksPerStage);
  const programs = new StagePrograms(parts, graphsOnly);
  const prepared = prepareSequence(new SequenceFeeds(model), sequence, {
    isCausal: isCausal(model),
    head,
    keys: dropout,
  });
  const N = sequence.layout.tokenCount;
  const stateBytes = 4 * N * model.hiddenSize;
  const given: Tensors = { ...prepared.feeds, ...feeds };
  const peak = (graph: Graph) => peakValueBytes(graph, sizesOf(graph, given, N));
  let keptBytes = stateBytes;
  let workingBytes = 0;
  if (!frozenGiven) {
    for (const layers of plan.frozen) {
      const { forward } = await programs.forward(stageSpec(layers, undefined, { ...prepared, dropout: 0 }));
      workingBytes = Math.max(workingBytes, peak(forward.graph));
    }
  }
  const trained = rows === undefined ? plan.trained : [...plan.trained, plan.last];
  const wantsX = whole.some(({ inEmbedding }) => inEmbedding);
  for (const [stage, layers] of trained.entries()) {
    const targets = stage > 0 || wantsX ? 'adapters and x' : 'adapters';
    const { forward, backward } = await programs.split(
      stageSpec(layers, undefined, prepared),
      activations,
      targets,
    );
    const sizes = sizesOf(forward.graph, given, N);
    keptBytes += forward.graph.outputs.reduce((sum, { value }) => sum + valueBytes(value, sizes), 0);
    workingBytes = Math.max(workingBytes, peak(backward.graph), peak(forward.graph));
  }
  let headBytes: number;
  if (rows === undefined) {
    const targets = trained.length > 0 || wantsX ? 'adapters and x' : 'adapters';
    const { step } = await programs.loss(stageSpec(plan.last, head, prepared), objective, targets);
    headBytes = peak(step.graph);
  } else {
    const count = Math.min(rows.chunk, rows.tokens.length);
    const { step } = await programs.rows(stageSpec([], head, { ...prepared, dropout: 0 }), objective);
    // The gradient of all hidden states beside a chunk of them.
    headBytes = stateBytes + peakValueBytes(step.graph, sizesOf(step.graph, rows.feeds(0, count), count));
  }
  const feedBytes = Object.values(given).reduce((sum, { data }) => sum + data.byteLength, 0);
  return { keptBytes, workingBytes: Math.max(workingBytes, headBytes), headBytes, feedBytes };
}

/** Programs as graphs: nothing is compiled, nothing can run. */
const graphsOnly: Backend = {
  name: 'graphs only',
  device: 'cpu',
  compile: async (graph) => ({
    graph,
    run: () => Promise.reject(new Error('internal error: a graph that was not compiled is run')),
    release: async () => {},
  }),
};

/** Values of the symbols, read off what is fed. */
function sizesOf({ inputs }: Graph, feeds: Tensors, tokens: number): Sizes {
  const sizes = new Map<string, number>([['N', tokens]]);
  for (const { name, shape } of inputs) {
    const tensor = feeds[name];
    if (tensor === undefined) continue;
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === 'string' && /^\w+$/.test(dim)) sizes.set(dim, tensor.shape[axis]!);
    }
  }
  return sizes;
}
