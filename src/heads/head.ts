/** @file What stands behind the last block: hidden states -> logits. The interface alone. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { OneToken } from '../model/sequence-inputs.ts';
import type { Matrix } from '../model/spec.ts';
import type { SequenceLayout } from '../packing/layout.ts';
import type { Tensors } from '../runtime/backend.ts';
import type { FirstValues } from '../tensor/first-values.ts';

export interface HeadParameter {
  /** Full name in the model, as Transformers and PEFT have it: `${model.heads.classifier}.weight`, or a name below that module. */
  readonly name: string;
  readonly shape: readonly number[];
  /** First values of a trained parameter; undefined: the checkpoint's own, as it is. */
  readonly first: FirstValues | undefined;
  /** Only these rows of a matrix of the checkpoint are read, in this order; default: the whole. `shape` is the whole's. */
  readonly rows?: readonly number[];
}

export interface HeadContext {
  readonly builder: GraphBuilder;
  readonly parameter: (parameter: HeadParameter) => Value;
  /** x [.., in] times a matrix of the base model, with its bias and its adapter: [.., out]. */
  readonly linear: (matrix: Matrix, x: Value) => Value;
}

export interface Head {
  /** Names the head and its options: programs are compiled once for each. */
  readonly id: string;
  /** Which tokens of a function it reads: with `first` or `last`, the last block computes nothing else. */
  readonly reads: 'every' | OneToken;
  readonly parameters: readonly HeadParameter[];
  /** Matrices of the base model that it reads through `linear`, by their full names: adapters go over them too. Default: none. */
  readonly matrices?: readonly Matrix[];
  /** Whether a row of `logits` depends on the same row of `hidden` alone, so that rows can be taken in chunks. Default: false. */
  readonly isRowWise?: boolean;
  /**
   * hidden [N, D] (every) or [B, D] (one token), behind the final norm -> logits. N are the layout's flat tokens: padding too where
   * packing is `none`, and one token for several functions where they share a beginning; `layout.flatTokens` says where a
   * function's tokens lie. It declares its own inputs, under names that the sequence and the objective do not use.
   */
  logits(context: HeadContext, hidden: Value): Value;
  /** The inputs that `logits` declares. */
  feeds(layout: SequenceLayout): Tensors;
}
