/**
 * @file A task joins a head and an objective: what a record is to be learned as, and what score of a function comes out.
 * Types alone.
 */
import type { LabelledRecord } from '../dataset/record.ts';
import type { Head } from '../heads/head.ts';
import type { Example, Loss, Objective, RowObjective } from '../objectives/objective.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

/** How functions are judged. */
export interface Judgement {
  readonly head: Head;
  /** Probability of "vulnerable" of each function, [B], from the head's logits of B functions. */
  scores(logits: HostTensor<'float32'>): Float64Array;
  /** Sum over functions of what the logits say for "vulnerable": its gradient is the relevance of tokens. */
  readonly evidence: Loss;
}

export interface Task<Target> extends Judgement {
  readonly name: string;
  /** A loss of the head's logits, or of rows under a head of its own. */
  readonly objective: Objective<Target> | RowObjective<Target>;
  /** What is learnt of a record; `ids`: as it is judged. */
  example(ids: readonly number[], record: LabelledRecord): Omit<Example<Target>, 'weight'>;
}
