/**
 * @file The graph of a stage: consecutive blocks, the last stage with a head behind them. Blocks of the same structure
 * share one graph, each run with its own weights as inputs; so input names say which block of the stage they belong to,
 * never which layer of the model.
 */

import type { AdaptedMatrix } from '../adapters/adapted-matrix.ts';
import { dropout } from '../adapters/dropout.ts';
import type { WholeParameter } from '../adapters/whole-parameters.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { GraphDType } from '../graph/ops.ts';
import type { Head } from '../heads/head.ts';
import { block } from '../model/block.ts';
import { inputLeads, rotariesOf } from '../model/matrices.ts';
import { norm } from '../model/norm.ts';
import { pastInputs } from '../model/past-inputs.ts';
import { type OneToken, type SequenceInputs, sequenceInputs } from '../model/sequence-inputs.ts';
import type { Matrix, Model } from '../model/spec.ts';
import { allTokens } from '../model/tokens/all-tokens.ts';
import { cachedTokens } from '../model/tokens/cached-tokens.ts';
import { keptTokens } from '../model/tokens/kept-tokens.ts';
import { oneToken } from '../model/tokens/one-token.ts';
import type { Tokens } from '../model/tokens/tokens.ts';
import { int64 } from '../tensor/host-tensor.ts';
import type { MatrixShape, PartInput, WeightFormat } from '../weights/weight-format.ts';

/** What every stage of a network is made of. */
export interface StageParts {
  readonly model: Model;
  readonly adapted: readonly AdaptedMatrix[];
  /** Parameters of the base model that are trained themselves. Default: none. */
  readonly whole?: readonly WholeParameter[];
  /** How matrices of blocks are held; norms, biases and heads are float32. */
  readonly format: WeightFormat;
}

export interface StageSpec {
  readonly layers: readonly number[];
  /** Only behind the last stage. */
  readonly head: Head | undefined;
  /** J: in how many chunks attention takes the queries of a row; row lengths are multiples of it. */
  readonly queryChunks: number;
  /** Whether tokens of common beginnings are there once for all functions that begin so. */
  readonly sharesPrefixes: boolean;
  /** Whether all functions are one attention row, in which each sees those before it. Default: false. */
  readonly isJoined?: boolean;
  /** Probability of dropping inputs of adapters; 0 outside training. */
  readonly dropout: number;
  /**
   * Generation. `fill`: keys and values of each block are outputs too. `read`: each sequence gets one more token, which reads
   * the keys and values of those before it as inputs; its own are outputs. Default: training and scoring, without a cache.
   */
  readonly cache?: 'fill' | 'read';
}

/** Told of each product of a block: the matrix by its name in the block, and what it is multiplied with, [N, in]. */
export type ProductObserver = (matrix: Matrix, x: Value) => void;

/** Keys and values of a block's tokens, [N, K*d]: what generation keeps of them. */
export interface KeptStates {
  readonly key: Value;
  readonly value: Value;
}

/** A parameter that a stage's graph takes as an input; `block` is its place in the stage, undefined outside blocks. */
export interface StageParameter {
  readonly input: Value;
  readonly block: number | undefined;
  /** Relative to the block; outside blocks the full name. */
  readonly name: string;
  /** Which part of a matrix in its weight format; undefined for what is float32 whatever the format. */
  readonly part: string | undefined;
  /** Which rows of a frozen matrix are read; undefined: the whole. */
  readonly rows?: readonly number[] | undefined;
}

export interface StageGraph {
  readonly builder: GraphBuilder;
  readonly x: Value; // [N, D]
  /** Hidden states [N, D], or the head's logits. */
  readonly output: Value;
  /** By block of the stage; empty without a cache. */
  readonly kept: readonly KeptStates[];
  /** Frozen, from the checkpoint. */
  readonly base: readonly StageParameter[];
  /** Trained: of adapters, of the head, and what is trained whole of the base model. */
  readonly trained: readonly StageParameter[];
}

export const ROW_KEYS = 'dropout_rows';
export const layerKeyName = (block: number) => `dropout_layer.${block}`;
/** Stands where blocks have the key of their layer. */
const HEAD_KEY = 0x68656164;

export function buildStage(parts: StageParts, spec: StageSpec, observe?: ProductObserver): StageGraph {
  const { model } = parts;
  const builder = new GraphBuilder();
  const stage: StageContext = {
    ...parts,
    builder,
    sequence: sequenceInputs(builder, rotariesOf(model), spec),
    base: new ParameterInputs(builder, 'w'),
    trained: new ParameterInputs(builder, 'a'),
  };
  const x = builder.input('x', 'float32', ['N', model.hiddenSize]);
  const tokensOf = blockTokens(stage, spec);
  const kept: KeptStates[] = [];
  const rows = spec.dropout > 0 ? builder.input(ROW_KEYS, 'uint32', ['N', 1]) : undefined;
  const hidden = spec.layers.reduce((below, layer, place) => {
    const drop = rows === undefined ? undefined : blockDropout(stage, rows, place, spec);
    const context = {
      builder,
      tokens:
        spec.cache === undefined
          ? tokensOf(place)
          : keptTokens(tokensOf(place), (key, value) => kept.push({ key, value })),
      parameter: stageParameter(stage, layer, place),
      linear: observed(blockLinear(stage, layer, place, drop), observe),
    };
    return block(context, model.layers[layer]!.block, below);
  }, x);
  const output = spec.head === undefined ? hidden : headLogits(stage, spec, spec.head, hidden, rows);
  return { builder, x, output, kept, base: stage.base.taken, trained: stage.trained.taken };
}

const observed =
  (
    linear: (matrix: Matrix, x: Value) => Value,
    observe: ProductObserver = () => {},
  ): ((matrix: Matrix, x: Value) => Value) =>
  (matrix, x) => {
    observe(matrix, x);
    return linear(matrix, x);
  };

/** What is trained whole in a layer, or outside of layers, by the names that blocks have for it. */
export const wholeNames = (
  whole: readonly WholeParameter[] | undefined,
  layer: number | undefined,
): ReadonlySet<string> => new Set(whole?.filter((one) => one.layer === layer).map(({ name }) => name));

/** A parameter of a block, or outside of blocks, that the base model has: as it is there, or as it is trained. */
function stageParameter(
  { whole, base, trained }: StageContext,
  layer: number | undefined,
  place: number | undefined,
): (name: string, shape: Shape) => Value {
  const own = wholeNames(whole, layer);
  return (name, shape) => (own.has(name) ? trained : base).take(place, name, shape);
}

interface StageContext extends StageParts {
  readonly builder: GraphBuilder;
  readonly sequence: SequenceInputs;
  readonly base: ParameterInputs;
  readonly trained: ParameterInputs;
}

/** Which tokens ask in a block and which are seen, by its place in the stage. */
function blockTokens(
  { builder, sequence }: StageContext,
  { layers, head, cache }: StageSpec,
): (place: number) => Tokens {
  if (cache === 'read') {
    const past = pastInputs(builder);
    return (place) => cachedTokens(builder, sequence, past, place);
  }
  return (place) => {
    const reads = place === layers.length - 1 ? head?.reads : undefined;
    return reads === undefined || reads === 'every'
      ? allTokens(builder, sequence)
      : oneToken(builder, sequence, reads);
  };
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
    return this.#once({ block, name, part: undefined }, 'float32', shape);
  }

  /** Rows of a matrix of the base model, [rows.length, width]. */
  takeRows(name: string, rows: readonly number[], width: number): Value {
    return this.#once({ block: undefined, name, part: undefined, rows }, 'float32', [rows.length, width]);
  }

  /** A part of a matrix; the only part of a float32 matrix goes by the matrix's own name. */
  takePart(block: number, name: string, part: string, dtype: GraphDType, shape: Shape): Value {
    return this.#once({ block, name, part }, dtype, shape);
  }

  #once(at: Omit<StageParameter, 'input'>, dtype: GraphDType, shape: Shape): Value {
    const { block, name, part, rows } = at;
    const found = this.taken.find(
      (one) => one.block === block && one.name === name && one.part === part && one.rows === rows,
    );
    if (found !== undefined) return found.input;
    const ofPart = part === undefined || part === 'values' ? '' : `.${part}`;
    const end = rows === undefined ? ofPart : '.rows';
    const input = this.#builder.input(`${this.#prefix}.${block ?? 'end'}.${name}${end}`, dtype, shape);
    this.taken.push({ input, ...at });
    return input;
  }
}

type Dropout = (x: Value, module: string) => Value;

/** The token whose keys are those of a function's one vector. */
export const dropoutToken = (reads: Head['reads']): OneToken => (reads === 'every' ? 'first' : reads);

/** Rows of an operand are all tokens [N, ..] or one of each function [B, ..]: each has its keys. */
function blockDropout(
  { builder: b, sequence }: StageContext,
  rows: Value,
  /** Undefined for the head. */
  block: number | undefined,
  { dropout: p, head }: StageSpec,
): Dropout {
  const layerKey = block === undefined ? b.uint32(HEAD_KEY) : b.input(layerKeyName(block), 'uint32', []);
  const keys = b.mul(b.bitXor(rows, layerKey), b.uint32(0x9e3779b1)); // [N, 1]
  return (x, module) => {
    const isToken = x.shape[0] === 'N' || head === undefined;
    const own = isToken ? keys : b.gather(keys, sequence.one(dropoutToken(head.reads)).index());
    return dropout(b, x, own, module, p);
  };
}

/** x W^T with the bias, as the matrix's adapter changes it: [N, out]. Layer and place are undefined in the head. */
function blockLinear(
  stage: StageContext,
  layer: number | undefined,
  place: number | undefined,
  drop: Dropout | undefined,
): (matrix: Matrix, x: Value) => Value {
  const { builder: b, adapted, whole, format: blockFormat, base, trained } = stage;
  const adapters = new Map(adapted.filter((one) => one.layer === layer).map((one) => [one.matrix.name, one]));
  const own = wholeNames(whole, layer);
  const parameter = stageParameter(stage, layer, place);
  const leads =
    layer === undefined ? new Map<string, string>() : inputLeads(stage.model.layers[layer]!.block);
  return ({ name, inputSize, outputSize, bias }, x) => {
    const weightName = `${name}.weight`;
    const shape: MatrixShape = [outputSize, inputSize];
    const isParameter = place === undefined || own.has(weightName);
    const part: PartInput = (partName, dtype, partShape) => {
      // One input for all that read the same x: they then share what is made of it.
      const owner =
        blockFormat.inputParts?.has(partName) === true ? `${leads.get(name)!}.weight` : weightName;
      return base.takePart(place!, owner, partName, dtype, partShape);
    };
    const weight = () => (isParameter ? parameter(weightName, shape) : blockFormat.read(b, shape, part));
    const unbiased = (operand: Value) =>
      isParameter
        ? b.matmul(operand, weight(), { transposeB: true })
        : blockFormat.product(b, operand, shape, part);
    const product = () => {
      const y = unbiased(x);
      return bias ? b.add(y, parameter(`${name}.bias`, [outputSize])) : y;
    };
    const adapter = adapters.get(name);
    if (adapter === undefined) return product();
    const shapes = new Map(adapter.tensors.map((tensor) => [tensor.name, tensor.shape]));
    return adapter.product({
      builder: b,
      dropped: () => (drop === undefined ? x : drop(x, name)),
      base: product,
      unbiased,
      weight,
      trained: (tensor) => trained.take(place, `${name}.${tensor}`, shapes.get(tensor)!),
    });
  };
}

function headLogits(
  stage: StageContext,
  spec: StageSpec,
  head: Head,
  hidden: Value,
  rows: Value | undefined,
): Value {
  const { builder, model, base, trained } = stage;
  const ofBase = stageParameter(stage, undefined, undefined);
  const normed = norm({ builder, parameter: ofBase }, model.finalNorm, hidden);
  return head.logits(
    {
      builder,
      parameter: ({ name, shape, first, rows: asked }) => {
        if (first !== undefined) return trained.take(undefined, name, shape);
        if (asked === undefined) return ofBase(name, shape);
        return wholeNames(stage.whole, undefined).has(name)
          ? builder.gather(ofBase(name, shape), builder.constant(int64([asked.length], asked)))
          : base.takeRows(name, asked, shape[1]!);
      },
      linear: (matrix, x) => {
        // Declared only where the head has such a matrix: a graph takes no input that it does not use.
        const drop = rows === undefined ? undefined : blockDropout(stage, rows, undefined, spec);
        return blockLinear(stage, undefined, undefined, drop)(matrix, x);
      },
    },
    normed,
  );
}
