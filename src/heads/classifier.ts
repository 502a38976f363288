/**
 * @file Logits of the classes of each function, [B, C]: a matrix on one vector of it, for encoders behind the layer that
 * Transformers' ...ForSequenceClassification has there. Where it is asked to name weaknesses (CWEs) too, a second matrix on the
 * same vector, whose logits stand behind the others.
 */
import { VultuneError } from '../base/errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import { isCausal } from '../model/matrices.ts';
import type { Model, Pooling } from '../model/spec.ts';
import type { SequenceLayout } from '../packing/layout.ts';
import type { Tensors } from '../runtime/backend.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import { affine } from './affine.ts';
import type { Head, HeadContext, HeadParameter } from './head.ts';
import { headLayer } from './head-layer.ts';
import { topLayers } from './top-layers.ts';

export interface ClassifierOptions {
  /** C */
  readonly classes: number;
  readonly pooling: Pooling;
  /** K: the logits are [B, C + K]. Default: 0, none. */
  readonly cweClasses?: number;
  /** Layers before the last matrix, besides those that the family's own head has. Default: 0. */
  readonly topLayers?: number;
}

/** Names of the second matrix and its bias: Transformers' classes have none such. */
export const CWE_WEIGHT = 'cwe_head.weight';
export const CWE_BIAS = 'cwe_head.bias';

/** How one vector of each function, [B, D], is made of the hidden states. */
interface Pool {
  readonly reads: Head['reads'];
  readonly pool: (b: GraphBuilder, hidden: Value) => Value;
  readonly feeds: (layout: SequenceLayout) => Tensors;
}

const pools: { readonly [K in Pooling]: Pool } = {
  last: { reads: 'last', pool: (_, hidden) => hidden, feeds: () => ({}) },
  first: { reads: 'first', pool: (_, hidden) => hidden, feeds: () => ({}) },
  mean: {
    reads: 'every',
    pool: (b, hidden) => b.matmul(b.input('mean_weights', 'float32', ['B', 'N']), hidden),
    feeds: (layout) => ({ mean_weights: meanWeights(layout) }),
  },
};

/** Standard deviation of the first values: Transformers' initializer_range. */
const INITIAL_DEVIATION = 0.02;

/** Throws POOLING_UNSUPPORTED, as {@link resolvePooling} does. */
export function classifier(model: Model, options: ClassifierOptions): Head {
  const { classes, pooling, cweClasses = 0, topLayers: topCount = 0 } = options;
  const { logits, ...parts } = pooledClassifier(model, options);
  const { reads, pool, feeds } = pools[pooling];
  const tops = topCount === 0 ? '' : ` ${topCount} top layers`;
  return {
    id: `classifier ${classes} ${pooling}${tops}${cweClasses === 0 ? '' : ` and ${cweClasses} CWEs`}`,
    reads,
    feeds,
    ...parts,
    logits: (context, hidden) => logits(context, pool(context.builder, hidden)),
  };
}

/** What stands behind the pooling: one vector of each function, [B, D] -> [B, C + K]. Throws as {@link classifier}. */
export function pooledClassifier(
  model: Model,
  { classes, pooling, cweClasses = 0, topLayers: topCount = 0 }: ClassifierOptions,
): Pick<Head, 'parameters' | 'matrices' | 'logits'> {
  resolvePooling(model, pooling);
  const {
    hiddenSize: D,
    heads: { classifier: module, encoder },
  } = model;
  const top = topLayers(encoder?.classes ?? module, topCount, D);
  const matrix: HeadParameter = {
    name: `${top.classes}.weight`,
    shape: [classes, D],
    first: { kind: 'normal', deviation: INITIAL_DEVIATION },
  };
  const bias: HeadParameter | undefined =
    encoder === undefined
      ? undefined
      : { name: `${top.classes}.bias`, shape: [classes], first: { kind: 'zero' } };
  const spec = encoder?.classifier;
  const layer =
    spec === undefined || (spec.ofFirstToken && pooling !== 'first')
      ? undefined
      : headLayer(
          spec,
          spec.weights === 'base' ? undefined : { kind: 'normal', deviation: INITIAL_DEVIATION },
        );
  const cwes = cweClasses === 0 ? undefined : cweLogits(cweClasses, D);
  return {
    parameters: [
      ...(layer?.parameters ?? []),
      ...top.parameters,
      matrix,
      ...(bias === undefined ? [] : [bias]),
      ...(cwes?.parameters ?? []),
    ],
    matrices: layer?.matrices ?? [],
    logits: (context, pooled) => {
      const vector = top.apply(context, layer === undefined ? pooled : layer.apply(context, pooled)); // [B, D]
      const logits = affine(context, vector, matrix, bias); // [B, C]
      return cwes === undefined ? logits : context.builder.concat([logits, cwes.apply(context, vector)], 1); // [B, C + K]
    },
  };
}

/** The second matrix with its bias, which takes up how common each CWE is: vector [B, D] -> [B, K]. */
function cweLogits(K: number, D: number) {
  const weight: HeadParameter = {
    name: CWE_WEIGHT,
    shape: [K, D],
    first: { kind: 'normal', deviation: INITIAL_DEVIATION },
  };
  const bias: HeadParameter = { name: CWE_BIAS, shape: [K], first: { kind: 'zero' } };
  return {
    parameters: [weight, bias],
    apply: (context: HeadContext, vector: Value) => affine(context, vector, weight, bias),
  };
}

/** What a head of the model can read of a function; the family's own pooling first. */
export const readablePoolings = (model: Model): readonly Pooling[] =>
  isCausal(model) ? ['last', 'mean'] : ['first', 'mean'];

/**
 * The pooling that was asked for, or the family's own.
 * @throws VultuneError POOLING_UNSUPPORTED for a token that has not seen the others, or that nothing was made to stand on
 */
export function resolvePooling(model: Model, asked: Pooling | undefined): Pooling {
  const own = model.heads.encoder?.pooling ?? 'last';
  const pooling = asked ?? own;
  if (readablePoolings(model).includes(pooling)) return pooling;
  const why = isCausal(model)
    ? 'the first token of a decoder sees no other'
    : 'encoders are trained to judge a text by its first token';
  throw new VultuneError(
    'POOLING_UNSUPPORTED',
    `pooling is ${pooling}, which a ${model.family} model cannot have: ${why}`,
    { where: { name: 'pooling' }, hint: `Leave pooling out (${own} for this model), or set it to mean.` },
  );
}

/** Not a classifier: what it reads of each function, [B, D], for fitting one from outside. */
export function pooledStates(pooling: Pooling): Head {
  const { reads, pool, feeds } = pools[pooling];
  return {
    id: `pooled states ${pooling}`,
    reads,
    parameters: [],
    logits: ({ builder }, hidden) => pool(builder, hidden),
    feeds,
  };
}

/** [B, N] 1/length at the tokens of each function: with it pooling by the mean is a product. */
function meanWeights(layout: SequenceLayout): HostTensor<'float32'> {
  const { tokenCount: N, functionCount: B, flatTokens } = layout;
  const data = new Float32Array(B * N);
  flatTokens.forEach((tokens, row) => {
    for (const token of tokens) data[row * N + token] = 1 / tokens.length;
  });
  return hostTensor('float32', [B, N], data);
}
