/** @file What training minimises: a loss of logits, and the inputs that say what was wanted. The interface alone. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { Head } from '../heads/head.ts';
import type { SequenceLayout } from '../packing/layout.ts';
import type { Tensors } from '../runtime/backend.ts';

/** A scalar of logits that a gradient is taken of. */
export interface Loss {
  /** Names the loss and its options: one program is compiled for each. */
  readonly id: string;
  /** Appends the scalar; declares the inputs it needs. */
  loss(b: GraphBuilder, logits: Value): Value;
}

/** What the network reads of a function, and what is wanted of it. */
export interface Example<Target> {
  /** At least one token. */
  readonly ids: readonly number[];
  readonly target: Target;
  /** Factor on its loss. */
  readonly weight: number;
  /** Whether it is one that no fix touched (P3). Default: false. */
  readonly unrelated?: boolean;
  /** Given: it is learnt from together with the other function of its pair, in one sequence. */
  readonly pair?: PairMember;
}

/** One of two functions: a vulnerable one, or its fixed version. */
export interface PairMember {
  /** The same for both. */
  readonly number: number;
  readonly isVulnerable: boolean;
}

export interface Objective<Target> extends Loss {
  /** The inputs of the loss for the examples of one sequence; every loss is multiplied by `scale` too. */
  feeds(examples: readonly Omit<Example<Target>, 'ids'>[], scale: number): Tensors;
}

/** An objective whose loss is a sum over single tokens, each read by a head that is wide: its rows are taken in chunks. */
export interface RowObjective<Target> extends Loss {
  /** Logits of rows; `isRowWise`. */
  readonly head: Head;
  /** How many tokens of a sequence a mean is over. */
  terms(examples: readonly Omit<Example<Target>, 'ids'>[]): number;
  /** The rows of one sequence that have a loss; every loss is multiplied by `scale` too. */
  rows(
    examples: readonly Omit<Example<Target>, 'ids'>[],
    layout: Pick<SequenceLayout, 'flatTokens'>,
    scale: number,
  ): LossRows;
}

export interface LossRows {
  /** [R] flat token of each row; a token may stand there several times. */
  readonly tokens: Int32Array;
  /** Rows of one chunk at most: what is computed of logits at one time. */
  readonly chunk: number;
  /** The loss's inputs for the rows from `from` up to `to`. */
  feeds(from: number, to: number): Tensors;
}
