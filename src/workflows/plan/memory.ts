/** @file The memory of a planned training by parts, from the sizes of its tensors and its graphs; nothing is run. */
import { parameterSpecs } from '../../adapters/adapter-parameters.ts';
import { baseShapes } from '../../heads/check-head-weights.ts';
import { promisedShapes } from '../../model/check-weights.ts';
import { blockWeightBytes } from '../../network/open-model.ts';
import { planStages } from '../../network/stage-plan.ts';
import { stepMemory } from '../../network/step-memory.ts';
import { sizeOf } from '../../tensor/host-tensor.ts';
import type { PlannedNetwork } from './planned-network.ts';
import type { Workload } from './workload.ts';

export const MEMORY_PARTS = [
  'process',
  'base weights',
  'adapters and optimiser',
  'activations kept',
  'largest graph',
  'data',
] as const;
export type MemoryPart = (typeof MEMORY_PARTS)[number];

export interface MemoryEstimate {
  /** Bytes; they are there at one time. */
  readonly parts: Readonly<Record<MemoryPart, number>>;
  readonly peakBytes: number;
  /** Peak of the last graph alone: the last block, the head and its logits. */
  readonly headBytes: number;
}

const FLOAT_BYTES = 4;
/** Node with the program and ONNX Runtime before they hold a model, measured; with what a heap keeps of what was freed. */
const PROCESS_BYTES = 250e6;
/** Parameters, gradients, two moments, and the best ones so far. */
const COPIES = 5;
/** A token's id in an array of JavaScript. */
const ID_BYTES = 8;

export async function estimateMemory(
  { plan, format, blocksPerStage, activations }: PlannedNetwork,
  { largest, sequences, validation, test, tokens }: Workload,
): Promise<MemoryEstimate> {
  const { model, adapted, whole, task, config, trainer } = plan;
  const { objective } = task;
  const byRows = 'rows' in objective ? objective : undefined;
  const head = byRows?.head ?? task.head;
  const { sequence, examples } = largest;
  const layerCount = model.spec.layers.length;
  const hasFrozen = planStages([...adapted, ...whole], layerCount, blocksPerStage).frozen.length > 0;
  const step = await stepMemory(
    { model: model.spec, adapted, whole, format, blocksPerStage, activations },
    sequence,
    {
      head,
      objective,
      ...('rows' in objective
        ? { feeds: {}, rows: objective.rows(examples, sequence.layout, 1) }
        : { feeds: objective.feeds(examples, 1) }),
      dropout: {
        probability: trainer.dropout,
        seed: 0,
        step: 0,
      },
      // What is computed of it goes to the cache and is read from there; joined, it depends on the functions before.
      frozenGiven: hasFrozen && config.feature_cache && config.packing !== 'joined',
    },
  );
  const trained = parameterSpecs(adapted, task.head, whole).reduce(
    (sum, { shape }) => sum + sizeOf(shape),
    0,
  );
  const scored = [...validation, ...test].reduce((sum, count) => sum + count, 0);
  const parts = {
    process: PROCESS_BYTES,
    'base weights': baseBytes({ plan, format }),
    'adapters and optimiser': COPIES * FLOAT_BYTES * trained,
    'activations kept': step.keptBytes + step.feedBytes,
    'largest graph': step.workingBytes,
    data: ID_BYTES * (tokens + scored) + 16 * sequences.length,
  };
  const peakBytes = MEMORY_PARTS.reduce((sum, part) => sum + parts[part], 0);
  return { parts, peakBytes, headBytes: step.headBytes };
}

/** Matrices of the blocks in their format; norms, biases and what the head reads in float32. Rows of the embedding are not held. */
export function baseBytes({
  plan: { model, task, whole },
  format,
}: Pick<PlannedNetwork, 'plan' | 'format'>): number {
  const { spec, checkpoint } = model;
  const head = 'rows' in task.objective ? task.objective.head : task.head;
  const isTrained = new Set(whole.map(({ fullName }) => fullName));
  const embedded = new Set([
    spec.embedding.tokens,
    spec.embedding.positions?.name,
    spec.embedding.tokenTypes?.name,
  ]);
  const vectors = [...promisedShapes(spec), ...baseShapes(head)]
    .filter(([name, shape]) => shape.length === 1 && !isTrained.has(name) && !embedded.has(name))
    .reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  const inHead = baseShapes(head)
    .filter(([name, shape]) => shape.length > 1 && !isTrained.has(name))
    .reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  // A matrix that is trained itself is counted where its copies are.
  const ownMatrices = whole
    .filter(({ layer, shape }) => layer !== undefined && shape.length === 2)
    .reduce((sum, { shape }) => sum + format.sizeBytes([shape[0]!, shape[1]!]), 0);
  return (
    blockWeightBytes({ spec, checkpoint, weights: { format } }) -
    ownMatrices +
    FLOAT_BYTES * (vectors + inHead)
  );
}
