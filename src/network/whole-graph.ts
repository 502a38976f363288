/**
 * @file A model and its classifier as one graph, from token ids to logits, for runtimes without stages and layouts.
 * Functions are rows, padded behind. Adapters are taken to be merged: every weight is an input under its full name, [out, in].
 */
import { GraphBuilder } from '../graph/builder.ts';
import type { Shape } from '../graph/dim.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { optimize } from '../graph/passes/optimize.ts';
import { answerTokens } from '../heads/answer-tokens.ts';
import { pooledClassifier } from '../heads/classifier.ts';
import type { HeadParameter } from '../heads/head.ts';
import { block } from '../model/block.ts';
import { rotariesOf } from '../model/matrices.ts';
import { norm } from '../model/norm.ts';
import { onceByName } from '../model/once-by-name.ts';
import { rotaryTable } from '../model/rotary-table.ts';
import type { RowInputs, SequenceInputs } from '../model/sequence-inputs.ts';
import type { Embedding, Matrix, Model, Pooling, Rotary } from '../model/spec.ts';
import { rowTokens } from '../model/tokens/row-tokens.ts';
import { int64 } from '../tensor/host-tensor.ts';
import { HIDDEN } from './sequence-feeds.ts';

export type WholeHead =
  | {
      readonly classes: number;
      readonly pooling: Pooling;
      /** Layers of the classifier before its last matrix. Default: 0. */
      readonly topLayers?: number | undefined;
    }
  /** Logits of these tokens behind a function's last one; their rows of the language model's matrix are the weight {@link ANSWERS}. */
  | { readonly answers: readonly number[] };

export type WholeGraphOptions = WholeHead & {
  /** P: the longest row, S <= P. */
  readonly maxLength: number;
};

export interface WholeGraph {
  /**
   * Inputs: `input_ids` and `attention_mask` int64 [B, S], `positions` int64 [S] (0, 1, ...), and the weights. Output: `logits` [B, C].
   */
  readonly graph: Graph;
  /** Names of the inputs that are weights. */
  readonly weights: readonly string[];
}

export const INPUT_IDS = 'input_ids';
export const ATTENTION_MASK = 'attention_mask';
export const POSITIONS = 'positions';
export const LOGITS = 'logits';
/** [answers, D] */
export const ANSWERS = 'answers.weight';

/** Throws POOLING_UNSUPPORTED, and NEXT_TOKEN_UNSUPPORTED for answers of an encoder. */
export function wholeGraph(model: Model, options: WholeGraphOptions): WholeGraph {
  const { maxLength } = options;
  const b = new GraphBuilder();
  const ids = b.input(INPUT_IDS, 'int64', ['B', 'S']);
  const mask = b.input(ATTENTION_MASK, 'int64', ['B', 'S']);
  const positions = b.input(POSITIONS, 'int64', ['S']);
  const weights = new Map<string, Value>();
  const weight = (name: string, shape: Shape): Value => {
    const value = weights.get(name) ?? b.input(name, 'float32', shape);
    weights.set(name, value);
    return value;
  };
  const linear =
    (prefix: string) =>
    ({ name, inputSize, outputSize, bias }: Matrix, x: Value): Value => {
      const y = b.matmul(x, weight(`${prefix}${name}.weight`, [outputSize, inputSize]), { transposeB: true });
      return bias ? b.add(y, weight(`${prefix}${name}.bias`, [outputSize])) : y;
    };
  const rows: Rows = { b, ids, positions, lengths: b.reduceSum(b.cast(mask, 'float32'), [1], true) };
  const tokens = rowTokens(b, rowSequence(rows, model, maxLength));
  const embedded = embed(rows, model, weight);
  const hidden = model.layers.reduce((x, { prefix, block: spec }) => {
    const parameter = (name: string, shape: Shape) => weight(prefix + name, shape);
    return block({ builder: b, tokens, parameter, linear: linear(prefix) }, spec, x);
  }, embedded);
  const normed = norm({ builder: b, parameter: weight }, model.finalNorm, hidden); // [B*S, D]
  const vectors = b.reshape(normed, ['B', 'S', model.hiddenSize]);
  const parameter = ({ name, shape, rows: some }: HeadParameter) =>
    some === undefined ? weight(name, shape) : weight(ANSWERS, [some.length, ...shape.slice(1)]);
  const context = { builder: b, parameter, linear: linear('') };
  if ('answers' in options) {
    // The last token is asked whichever it is: none of a question is padding.
    b.output(
      LOGITS,
      answerTokens(model, options.answers).logits(context, lastOf(rows, vectors, model, rows.lengths)),
    );
  } else {
    const { classes, pooling, topLayers = 0 } = options;
    const head = pooledClassifier(model, { classes, pooling, topLayers });
    b.output(LOGITS, head.logits(context, pools[pooling](rows, vectors, model)));
  }
  return { graph: optimize(b.build()), weights: [...weights.keys()] };
}

interface Rows {
  readonly b: GraphBuilder;
  readonly ids: Value; // [B, S]
  readonly positions: Value; // [S]
  readonly lengths: Value; // [B, 1] float32
}

/** [B*S, D] */
function embed(
  { b, ids, positions }: Rows,
  model: Model,
  weight: (name: string, shape: Shape) => Value,
): Value {
  const { embedding, hiddenSize: D, vocabularySize } = model;
  const { tokens, scale = 1, norm: spec }: Embedding = embedding;
  let x = b.scale(b.gather(weight(tokens, [vocabularySize, D]), ids), scale); // [B, S, D]
  if (embedding.positions !== undefined) {
    const { name, first, rows } = embedding.positions;
    const at = first === 0 ? positions : b.add(positions, b.constant(int64([], [first])));
    x = b.add(x, b.gather(weight(name, [first + rows, D]), at));
  }
  if (embedding.tokenTypes !== undefined) {
    const { name, rows } = embedding.tokenTypes;
    x = b.add(x, b.gather(weight(name, [rows, D]), b.constant(int64([1], [0]))));
  }
  const flat = b.reshape(x, ['B*S', D]);
  return spec === undefined ? flat : norm({ builder: b, parameter: weight }, spec, flat);
}

/** What blocks ask of a sequence, computed from positions and lengths. */
function rowSequence({ b, positions, lengths }: Rows, model: Model, maxLength: number): SequenceInputs {
  const once = onceByName();
  const hiddenWhere = (condition: Value) => b.where(condition, b.scalar(HIDDEN), b.scalar(0));
  const shifted = (x: Value, by: number) => (by === 0 ? x : b.add(x, b.constant(int64([], [by]))));
  const query = b.reshape(positions, ['S', 1]);
  const key = b.reshape(positions, [1, 'S']);
  const behind = (window: number) => hiddenWhere(b.less(shifted(key, window), query)); // [S, S]
  const ahead = (window: number) => hiddenWhere(b.less(shifted(query, window), key));
  const rotaries = rotariesOf(model).map((rotary) => JSON.stringify(rotary));
  const table = (kind: 'cos' | 'sin', rotary: Rotary) =>
    once(`${kind} ${rotaries.indexOf(JSON.stringify(rotary))}`, () =>
      b.constant(rotaryTable(rotary, maxLength)[kind]),
    );
  return {
    rowCount: 'B',
    slots: 'S',
    queryChunks: 1,
    rows: notInRows,
    keyRows: notInRows,
    positions: () =>
      once('flat positions', () => b.reshape(b.expand(b.reshape(positions, [1, 'S']), ['B', 'S']), ['B*S'])),
    cos: (rotary) => table('cos', rotary),
    sin: (rotary) => table('sin', rotary),
    mask: (window) =>
      once(`mask ${window}`, () => {
        const seen = window === undefined ? ahead(0) : b.add(ahead(0), behind(window - 1));
        return b.reshape(seen, [1, 'S', 'S']);
      }),
    lengthMask: () =>
      once('length mask', () => b.where(isBelow(b, positions, lengths), b.scalar(0), b.scalar(HIDDEN))),
    bandMask: (window) => once(`band ${window}`, () => b.add(ahead(window), behind(window))),
    one: () => {
      throw new Error('internal error: a whole graph computes every token of the last block');
    },
  };
}

const unused = (): Value => {
  throw new Error('internal error: rows of a whole graph are not gathered');
};
const notInRows: RowInputs = { index: unused, inverse: unused, slotIsReal: unused };

/** [B, S] which positions are below a bound of each function, [B, 1]. */
function isBelow(b: GraphBuilder, positions: Value, bounds: Value): Value {
  return b.less(b.reshape(b.cast(positions, 'float32'), [1, 'S']), bounds);
}

/** The same as 1 and 0. */
const onesBelow = (b: GraphBuilder, positions: Value, bounds: Value): Value =>
  b.where(isBelow(b, positions, bounds), b.scalar(1), b.scalar(0));

type Pool = (rows: Rows, hidden: Value, model: Model) => Value;

/** [B, S, D] -> [B, D] */
const pools: { readonly [K in Pooling]: Pool } = {
  first: ({ b, positions }, hidden, model) => {
    const first = onesBelow(b, positions, b.scalar(1)); // [1, S]
    return weighted(b, b.expand(first, ['B', 'S']), hidden, model);
  },
  mean: ({ b, positions, lengths }, hidden, model) =>
    weighted(b, b.div(onesBelow(b, positions, lengths), lengths), hidden, model),
  last: (rows, hidden, model) => lastOf(rows, hidden, model, pooledLengths(rows, model)),
};

/** The token before `end`, [B, 1], of each function. */
function lastOf({ b, positions }: Rows, hidden: Value, model: Model, end: Value): Value {
  const upTo = onesBelow(b, positions, end);
  const before = onesBelow(b, positions, b.sub(end, b.scalar(1)));
  return weighted(b, b.sub(upTo, before), hidden, model);
}

/** Sum over S of weights [B, S] times hidden. */
function weighted(b: GraphBuilder, weights: Value, hidden: Value, { hiddenSize: D }: Model): Value {
  return b.reshape(b.matmul(b.reshape(weights, ['B', 1, 'S']), hidden), ['B', D]);
}

/**
 * [B, 1] how many tokens there are up to the pooled one: the rightmost that is not the model's padding token, as `pooledLength`
 * of encode-functions.ts has it.
 */
function pooledLengths({ b, ids, positions, lengths }: Rows, { padTokenId }: Model): Value {
  if (padTokenId === undefined) return lengths;
  const pad = b.constant(int64([], [padTokenId]));
  const isOther = b.where(b.less(ids, pad), b.scalar(1), b.where(b.less(pad, ids), b.scalar(1), b.scalar(0))); // [B, S]
  const count = b.add(b.reshape(b.cast(positions, 'float32'), [1, 'S']), b.scalar(1));
  const ends = b.mul(b.mul(isOther, onesBelow(b, positions, lengths)), count);
  const last = b.reduceMax(ends, [1], true); // [B, 1]
  return b.where(b.less(last, b.scalar(1)), b.scalar(1), last);
}
