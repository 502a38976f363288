/**
 * @file What the matrices of a model's blocks are multiplied with, measured on a few functions: layer after layer in float32,
 * without adapters, holding the weights of one layer at a time.
 */
import type { Value } from '../graph/graph.ts';
import { optimize } from '../graph/passes/optimize.ts';
import { inputLeads, isCausal } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';
import { packSequence } from '../packing/pack-sequence.ts';
import type { Backend, Executable } from '../runtime/backend.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { BaseWeights } from '../weights/base-weights.ts';
import { float32 } from '../weights/float32.ts';
import { embed } from './embed.ts';
import type { OpenModel } from './open-model.ts';
import { ParameterValues } from './parameter-values.ts';
import { prepareSequence, stageSpec } from './prepare-sequence.ts';
import { SequenceFeeds } from './sequence-feeds.ts';
import { buildStage, type StageGraph, type StageSpec } from './stage-graph.ts';
import { OUTPUT } from './stage-programs.ts';

/** x [N, in] of each group of matrices that read the same x, by the full name of the first one's weight. */
export type LayerInputs = ReadonlyMap<string, HostTensor<'float32'>>;

interface Program {
  readonly executable: Executable;
  readonly stage: StageGraph;
  /** Output of the graph by the first matrix's name in the block; undefined: the block's own input. */
  readonly outputs: ReadonlyMap<string, string | undefined>;
}

/**
 * The inputs of one layer after the other, each layer's once.
 * @param functions token ids, at least one each; all together are one sequence
 * @throws the signal's reason
 */
export async function* matrixInputs(
  { spec, checkpoint }: Pick<OpenModel, 'spec' | 'checkpoint'>,
  functions: readonly (readonly number[])[],
  backend: Backend,
  signal?: AbortSignal,
): AsyncGenerator<LayerInputs> {
  const weights = new BaseWeights(checkpoint, float32);
  const values = new ParameterValues({ model: spec, weights, parameters: new Map() });
  const sequence = packSequence(functions);
  const prepared = prepareSequence(new SequenceFeeds(spec), sequence, { isCausal: isCausal(spec) });
  const programs = new Map<string, Promise<Program>>();
  const program = (layer: number): Promise<Program> => {
    const key = JSON.stringify(spec.layers[layer]!.block);
    const found = programs.get(key) ?? compile(spec, stageSpec([layer], undefined, prepared), backend);
    programs.set(key, found);
    return found;
  };
  try {
    let x = await embed(spec, weights, sequence);
    for (const [layer, { prefix }] of spec.layers.entries()) {
      signal?.throwIfAborted();
      const { executable, stage, outputs } = await program(layer);
      const out = await executable.run({ ...prepared.feeds, ...(await values.feeds(stage, [layer])), x });
      yield new Map(
        [...outputs].map(([lead, name]) => [
          `${prefix}${lead}.weight`,
          (name === undefined ? x : out[name]) as HostTensor<'float32'>,
        ]),
      );
      weights.release(stage.base.map(({ name }) => prefix + name));
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
  } finally {
    for (const made of await Promise.all(programs.values())) await made.executable.release();
  }
}

/** A block with what its matrices read as further outputs. */
async function compile(model: Model, spec: StageSpec, backend: Backend): Promise<Program> {
  const leads = inputLeads(model.layers[spec.layers[0]!]!.block);
  const read = new Map<string, Value>();
  const stage = buildStage({ model, adapted: [], format: float32 }, spec, ({ name }, x) => {
    const lead = leads.get(name)!;
    if (!read.has(lead)) read.set(lead, x);
  });
  const { builder } = stage;
  builder.output(OUTPUT, stage.output);
  // What a block reads first may be its own input.
  const own = (x: Value) => x.name === stage.x.name;
  for (const [lead, x] of read) if (!own(x)) builder.output(outputName(lead), x);
  return {
    executable: await backend.compile(optimize(builder.build())),
    stage,
    outputs: new Map([...read].map(([lead, x]) => [lead, own(x) ? undefined : outputName(lead)])),
  };
}

const outputName = (lead: string) => `input.${lead}`;
