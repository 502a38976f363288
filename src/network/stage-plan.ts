/**
 * @file How a model's layers are cut into stages: frozen ones below the first adapted layer, whose output never changes;
 * trained ones; and the last stage, which ends in the head.
 */

/** What is trained: a matrix through an adapter, or a parameter itself. */
export interface TrainedPlace {
  /** Undefined behind the last layer. */
  readonly layer: number | undefined;
  /** Before the first layer. */
  readonly inEmbedding?: boolean;
}

export interface StagePlan {
  /** Layers that run forward only; their output can be computed once and kept. */
  readonly frozen: readonly (readonly number[])[];
  readonly trained: readonly (readonly number[])[];
  readonly last: readonly number[];
}

/** First layer whose output training changes; the last layer when only the head is trained. */
export function firstTrainedLayer(trained: readonly TrainedPlace[], layerCount: number): number {
  // What a head has of its own is behind every layer.
  return trained.reduce(
    (first, { layer, inEmbedding }) => Math.min(first, inEmbedding === true ? 0 : (layer ?? first)),
    layerCount - 1,
  );
}

/** `blocksPerStage` blocks a graph; Infinity: everything trained is one graph. */
export function planStages(
  places: readonly TrainedPlace[],
  layerCount: number,
  blocksPerStage: number,
): StagePlan {
  const first = firstTrainedLayer(places, layerCount);
  const lastStart = Math.max(first, layerCount - blocksPerStage);
  return {
    frozen: groups(0, first, blocksPerStage),
    trained: groups(first, lastStart, blocksPerStage),
    last: range(lastStart, layerCount),
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Groups of `size` from the top down; the lowest may be smaller. */
function groups(from: number, to: number, size: number): number[][] {
  const out: number[][] = [];
  for (let end = to; end > from; end -= size) out.unshift(range(Math.max(from, end - size), end));
  return out;
}
