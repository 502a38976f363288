/** @file Logits of the classes of each function, [B, C]: one trained matrix on its last token or the mean of its tokens. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Model } from '../model/spec.ts';
import type { SequenceLayout } from '../packing/layout.ts';
import type { Tensors } from '../runtime/backend.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { Head, HeadParameter } from './head.ts';

export type Pooling = 'last' | 'mean';

export interface ClassifierOptions {
  /** C */
  readonly classes: number;
  readonly pooling: Pooling;
}

/** How one vector of each function, [B, D], is made of the hidden states. */
interface Pool {
  readonly reads: Head['reads'];
  readonly pool: (b: GraphBuilder, hidden: Value) => Value;
  readonly feeds: (layout: SequenceLayout) => Tensors;
}

const pools: { readonly [K in Pooling]: Pool } = {
  last: { reads: 'last', pool: (_, hidden) => hidden, feeds: () => ({}) },
  mean: {
    reads: 'every',
    pool: (b, hidden) => b.matmul(b.input('mean_weights', 'float32', ['B', 'N']), hidden),
    feeds: (layout) => ({ mean_weights: meanWeights(layout) }),
  },
};

/** Standard deviation of the first values: Transformers' initializer_range. */
const INITIAL_DEVIATION = 0.02;

export function classifier({ hiddenSize: D, heads }: Model, { classes, pooling }: ClassifierOptions): Head {
  const matrix: HeadParameter = {
    name: `${heads.classifier}.weight`,
    shape: [classes, D],
    first: { kind: 'normal', deviation: INITIAL_DEVIATION },
  };
  const { reads, pool, feeds } = pools[pooling];
  return {
    id: `classifier ${classes} ${pooling}`,
    reads,
    parameters: [matrix],
    logits: ({ builder: b, parameter }, hidden) =>
      b.matmul(pool(b, hidden), parameter(matrix), { transposeB: true }),
    feeds,
  };
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
  const { tokenCount: N, rowCount: B, flatTokens } = layout;
  const data = new Float32Array(B * N);
  flatTokens.forEach((tokens, row) => {
    for (const token of tokens) data[row * N + token] = 1 / tokens.length;
  });
  return hostTensor('float32', [B, N], data);
}
