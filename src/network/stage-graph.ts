/**
 * @file The graph of a stage: consecutive blocks, the last stage with the head behind them. Blocks of the same structure
 * share one graph, each run with its own weights as inputs; so input names say which block of the stage they belong to,
 * never which layer of the model.
 */
import { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { type BlockContext, decoderBlock, lastTokenBlock } from '../model/block.ts';
import type { DecoderGeometry, LinearRole } from '../model/geometry.ts';
import { type SequenceInputs, sequenceInputs } from '../model/sequence-inputs.ts';
import { CLASS_COUNT } from '../peft/adapter-parameters.ts';
import { dropout } from '../peft/dropout.ts';
import { addLora } from '../peft/lora-linear.ts';
import type { LoraModule } from '../peft/lora-plan.ts';

export type Pooling = 'last' | 'mean';

/** What stands behind the last block: nothing, the final norm alone, or the norm, pooling and the 2-class head. */
export type StageEnd =
  | { readonly kind: 'none' }
  | { readonly kind: 'classifier'; readonly pooling: Pooling }
  | { readonly kind: 'hidden' };

export interface StageSpec {
  readonly layers: readonly number[];
  readonly end: StageEnd;
  /** J: in how many chunks attention takes the queries of a row; row lengths are multiples of it. */
  readonly queryChunks: number;
  /** Whether tokens of common beginnings are there once for all functions that begin so. */
  readonly sharesPrefixes: boolean;
  /** Probability of dropping inputs of adapters; 0 outside training. */
  readonly dropout: number;
}

/** A parameter that a stage's graph takes as an input; `block` is its place in the stage, undefined outside blocks. */
export interface StageParameter {
  readonly input: Value;
  readonly block: number | undefined;
  /** Relative to the block; outside blocks the full name. */
  readonly name: string;
}

export interface StageGraph {
  readonly builder: GraphBuilder;
  readonly x: Value; // [N, D]
  /** Hidden states [N, D], or what the end makes of them: logits [B, 2]. */
  readonly output: Value;
  readonly base: readonly StageParameter[];
  /** LoRA matrices and the head. Names end in `.lora_A.weight` or `.lora_B.weight`, or are the head's. */
  readonly adapter: readonly StageParameter[];
}

export const ROW_KEYS = 'dropout_rows';
export const layerKeyName = (block: number) => `dropout_layer.${block}`;

export function buildStage(
  geometry: DecoderGeometry,
  modules: readonly LoraModule[],
  spec: StageSpec,
): StageGraph {
  const builder = new GraphBuilder();
  const prunes = spec.end.kind === 'classifier' && spec.end.pooling === 'last';
  const stage: StageContext = {
    builder,
    geometry,
    sequence: sequenceInputs(builder, geometry, spec),
    base: new ParameterInputs(builder, 'w'),
    adapter: new ParameterInputs(builder, 'a'),
  };
  const x = builder.input('x', 'float32', ['N', geometry.hiddenSize]);
  const rows = spec.dropout > 0 ? builder.input(ROW_KEYS, 'uint32', ['N', 1]) : undefined;
  let hidden = x;
  spec.layers.forEach((layer, block) => {
    const adapted = new Map(modules.filter((module) => module.layer === layer).map((m) => [m.role, m]));
    const drop = rows === undefined ? undefined : blockDropout(stage, rows, block, spec.dropout);
    const context: BlockContext = {
      ...stage,
      layer,
      parameter: (name, shape) => stage.base.take(block, name, shape),
      linear: (role, input) => linear(stage, block, role, input, adapted.get(role), drop),
    };
    const isLast = block === spec.layers.length - 1;
    hidden = isLast && prunes ? lastTokenBlock(context, hidden) : decoderBlock(context, hidden);
  });
  const output = stageEnd(stage, spec.end, hidden);
  return { builder, x, output, base: stage.base.taken, adapter: stage.adapter.taken };
}

interface StageContext {
  readonly builder: GraphBuilder;
  readonly geometry: DecoderGeometry;
  readonly sequence: SequenceInputs;
  readonly base: ParameterInputs;
  readonly adapter: ParameterInputs;
}

/** Declares each parameter once. */
class ParameterInputs {
  readonly taken: StageParameter[] = [];
  readonly #builder: GraphBuilder;
  readonly #prefix: string;

  constructor(builder: GraphBuilder, prefix: string) {
    this.#builder = builder;
    this.#prefix = prefix;
  }

  take(block: number | undefined, name: string, shape: Shape): Value {
    const found = this.taken.find((parameter) => parameter.block === block && parameter.name === name);
    if (found !== undefined) return found.input;
    const input = this.#builder.input(`${this.#prefix}.${block ?? 'end'}.${name}`, 'float32', shape);
    this.taken.push({ input, block, name });
    return input;
  }
}

type Dropout = (x: Value, module: string) => Value;

/** Rows of an operand are all tokens [N, ..] or only the last ones [B, ..]: each has its keys. */
function blockDropout(
  { builder: b, sequence }: StageContext,
  rows: Value,
  block: number,
  p: number,
): Dropout {
  const layerKey = b.input(layerKeyName(block), 'uint32', []);
  const keys = b.mul(b.bitXor(rows, layerKey), b.uint32(0x9e3779b1)); // [N, 1]
  return (x, module) => {
    const own = x.shape[0] === 'N' ? keys : b.gather(keys, sequence.last());
    return dropout(b, x, own, module, p);
  };
}

/** x W^T (+ bias) (+ the adapter's update), [N, out]. */
function linear(
  { builder: b, geometry, base, adapter }: StageContext,
  block: number,
  role: LinearRole,
  x: Value,
  lora: LoraModule | undefined,
  drop: Dropout | undefined,
): Value {
  const { name, inputSize, outputSize, bias } = geometry.linears[role];
  const product = b.matmul(x, base.take(block, `${name}.weight`, [outputSize, inputSize]), {
    transposeB: true,
  });
  const y = bias ? b.add(product, base.take(block, `${name}.bias`, [outputSize])) : product;
  if (lora === undefined) return y;
  return addLora(b, {
    base: y,
    x: drop === undefined ? x : drop(x, name),
    a: adapter.take(block, `${name}.lora_A.weight`, [lora.rank, inputSize]),
    b: adapter.take(block, `${name}.lora_B.weight`, [outputSize, lora.rank]),
    scale: lora.scale,
  });
}

function stageEnd(
  { builder: b, geometry, sequence, base, adapter }: StageContext,
  end: StageEnd,
  hidden: Value,
): Value {
  if (end.kind === 'none') return hidden;
  const { hiddenSize: D, names } = geometry;
  const normed = b.rmsNorm(hidden, base.take(undefined, names.finalNorm, [D]), geometry.normEpsilon);
  if (end.kind === 'hidden') return normed;
  const pooled = end.pooling === 'mean' ? b.matmul(sequence.meanWeights(), normed) : normed; // [B, D]
  const head = adapter.take(undefined, `${names.classifier}.weight`, [CLASS_COUNT, D]);
  return b.matmul(pooled, head, { transposeB: true }); // [B, 2]
}
