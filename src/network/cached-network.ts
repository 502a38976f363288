/**
 * @file A base model with its adapters that continues texts: prompts fill a cache of keys and values, and each further token
 * is computed alone, reading them. The same stages as training has; what they read of the past is model/tokens/ business.
 */
import type { AdaptedMatrix } from '../adapters/adapted-matrix.ts';
import { invariant } from '../base/errors.ts';
import type { Head } from '../heads/head.ts';
import { isCausal } from '../model/matrices.ts';
import { pastKeyName, pastValueName } from '../model/past-inputs.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import { queryChunks } from '../packing/query-chunks.ts';
import type { Backend, Tensors } from '../runtime/backend.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { embed, embedTokens, requirePositions } from './embed.ts';
import type { KeyValueCache } from './key-value-cache.ts';
import { type ParameterSources, ParameterValues } from './parameter-values.ts';
import { SequenceFeeds } from './sequence-feeds.ts';
import type { StageSpec } from './stage-graph.ts';
import { keptKeyName, keptValueName, OUTPUT, StagePrograms } from './stage-programs.ts';

export interface CachedNetworkOptions extends ParameterSources {
  readonly adapted: readonly AdaptedMatrix[];
  readonly backend: Backend;
  /** What reads the last token of each sequence. */
  readonly head: Head;
  /** Blocks of the model in one graph of a step. */
  readonly blocksPerStage: number;
}

type Outputs = Readonly<Record<string, HostTensor>>;

export class CachedNetwork {
  readonly #options: CachedNetworkOptions;
  readonly #programs: StagePrograms;
  readonly #values: ParameterValues;
  readonly #feeds: SequenceFeeds;
  /** Parameters of each stage of a step, which are the same for every token. */
  readonly #parameters = new Map<StageSpec, Promise<Tensors>>();
  readonly #stepStages: readonly StageSpec[];

  constructor(options: CachedNetworkOptions) {
    const { model, adapted, whole = [], weights, backend, head, blocksPerStage } = options;
    invariant(isCausal(model), 'a model that sees what follows cannot go on from a cache');
    invariant(head.reads === 'last', 'generation reads the last token');
    this.#options = options;
    this.#programs = new StagePrograms({ model, adapted, whole, format: weights.format }, backend);
    this.#values = new ParameterValues(options);
    this.#feeds = new SequenceFeeds(model);
    this.#stepStages = stages(model.layers.length, blocksPerStage, head, { cache: 'read', queryChunks: 1 });
  }

  /**
   * What the head says of the last token of each sequence, [B, C]; keys and values go into the cache. `rows`: of the cache, one
   * per sequence. A block is a graph of its own, so that memory is one block's.
   */
  async prefill(
    { ids, layout }: PackedSequence,
    cache: KeyValueCache,
    rows: readonly number[],
  ): Promise<HostTensor<'float32'>> {
    const { model, head } = this.#options;
    const chunks = queryChunks(layout.rowLength);
    const feeds = { ...this.#feeds.make(layout, chunks, 'last'), ...head.feeds(layout) };
    let x = await embed(model, this.#values.embedding, { ids, layout });
    const how = {
      cache: 'fill',
      queryChunks: chunks,
      sharesPrefixes: layout.keys !== undefined,
    } as const;
    for (const spec of stages(model.layers.length, 1, head, how)) {
      const out = await this.#run(spec, { ...feeds, ...(await this.#parametersOf(spec)), x });
      for (const [block, layer] of spec.layers.entries()) {
        cache.fill(layer, statesOf(out, block), layout, rows);
      }
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
    return x;
  }

  /**
   * Adds one token to each sequence of the cache, and returns what the head says of it, [N, C].
   * @throws VultuneError SEQUENCE_TOO_LONG where the model has no such position
   */
  async step(ids: readonly number[], cache: KeyValueCache): Promise<HostTensor<'float32'>> {
    const { model, weights } = this.#options;
    const positions = cache.lengths;
    const lengths = positions.map((position) => position + 1);
    requirePositions(lengths, model.positionLimit);
    cache.reserve();
    const feeds = this.#feeds.makeStep(positions, cache.slots);
    const layout = { positions: BigInt64Array.from(positions, BigInt) };
    let x = await embedTokens(model, this.#values.embedding, { ids, layout });
    for (const spec of this.#stepStages) {
      const parameters = this.#parameters.get(spec) ?? this.#parametersOf(spec);
      // What a format decodes for each use is not held beside what it holds.
      if (weights.format.holdsStored !== true) this.#parameters.set(spec, parameters);
      const out = await this.#run(spec, { ...feeds, ...(await parameters), ...pastFeeds(spec, cache), x });
      for (const [block, layer] of spec.layers.entries()) cache.append(layer, statesOf(out, block));
      x = out[OUTPUT] as HostTensor<'float32'>;
    }
    cache.advance();
    return x;
  }

  async release(): Promise<void> {
    await this.#programs.release();
  }

  async #parametersOf(spec: StageSpec): Promise<Tensors> {
    return await this.#values.feeds(await this.#programs.forward(spec), spec.layers);
  }

  async #run(spec: StageSpec, feeds: Tensors): Promise<Outputs> {
    const { forward } = await this.#programs.forward(spec);
    return await forward.run(feeds);
  }
}

/** Consecutive layers, the last ones with the head. */
function stages(
  layerCount: number,
  blocksPerStage: number,
  head: Head,
  how: Required<Pick<StageSpec, 'cache' | 'queryChunks'>> & { readonly sharesPrefixes?: boolean },
): StageSpec[] {
  const out: StageSpec[] = [];
  for (let from = 0; from < layerCount; from += blocksPerStage) {
    const to = Math.min(from + blocksPerStage, layerCount);
    const isLast = to === layerCount;
    out.push({
      sharesPrefixes: false,
      ...how,
      layers: Array.from({ length: to - from }, (_, i) => from + i),
      head: isLast ? head : undefined,
      // The last block alone has one query a row: no chunks.
      queryChunks: isLast && to - from === 1 ? 1 : how.queryChunks,
      dropout: 0,
    });
  }
  return out;
}

const statesOf = (out: Outputs, block: number) => ({
  key: out[keptKeyName(block)] as HostTensor<'float32'>,
  value: out[keptValueName(block)] as HostTensor<'float32'>,
});

function pastFeeds({ layers }: StageSpec, cache: KeyValueCache): Tensors {
  return Object.fromEntries(
    layers.flatMap((layer, block) => {
      const { key, value } = cache.states(layer);
      return [
        [pastKeyName(block), key],
        [pastValueName(block), value],
      ] as const;
    }),
  );
}
