/** @file Classification that names CWEs too: one head with two matrices on the same vector, trained in the same step. */
import { cweIds } from '../dataset/cwe.ts';
import type { CweProbability } from '../evaluation/cwe/cwe-probability.ts';
import type { Model } from '../model/spec.ts';
import {
  classificationWithCwe,
  classificationWithoutCwe,
  type LabelAndCwes,
} from '../objectives/classification-with-cwe.ts';
import { withPairRanking } from '../objectives/pair-ranking.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { type ClassifyOptions, classifierJudgement } from './classify.ts';
import type { Task } from './task.ts';

export interface ClassifyWithCweOptions extends ClassifyOptions {
  /** Undefined: the two labels alone. */
  readonly cwe:
    | {
        /** [K] ids, in the order of the logits behind the first two. */
        readonly classes: readonly string[];
        /** Factor on the loss of the CWEs. */
        readonly weight: number;
      }
    | undefined;
  /** Factor on the ranking loss of pairs. Default: 0, none. */
  readonly pairWeight?: number;
}

export function classifyWithCwe(
  model: Model,
  { pooling, loss, cwe, topLayers, pairWeight = 0 }: ClassifyWithCweOptions,
): Task<LabelAndCwes> {
  const classes = cwe?.classes ?? [];
  const objective =
    cwe === undefined
      ? classificationWithoutCwe(loss)
      : classificationWithCwe(loss, { classes: classes.length, weight: cwe.weight });
  const places = new Map(classes.map((id, place) => [id, place]));
  return {
    ...classifierJudgement(model, pooling, classes.length, topLayers),
    name: cwe === undefined ? 'classify' : 'classify with CWE',
    objective: pairWeight === 0 ? objective : withPairRanking(objective, pairWeight),
    example: (ids, { target, cwe: named }) => ({
      ids,
      target: {
        label: target,
        cwes: target === 1 ? cweIds(named).flatMap((id) => places.get(id) ?? []) : [],
      },
    }),
  };
}

/** How many CWEs are reported per function: guesses after the third do not help a reader. */
const MOST_TOLD = 3;
const DIGITS = 4;

/** [B] the most probable CWEs of each function, the first one first, if it is vulnerable by one of the classes; of logits [B, 2 + K]. */
export function likelyCwes(
  { data }: HostTensor<'float32'>,
  classes: readonly string[],
): (readonly CweProbability[])[] {
  const width = 2 + classes.length;
  return Array.from({ length: data.length / width }, (_, row) => {
    const logits = Array.from(data.subarray(row * width + 2, (row + 1) * width));
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const sum = powers.reduce((total, power) => total + power, 0);
    return [...powers.keys()]
      .toSorted((a, b) => powers[b]! - powers[a]! || a - b)
      .slice(0, MOST_TOLD)
      .map((place) => ({ id: classes[place]!, probability: Number((powers[place]! / sum).toFixed(DIGITS)) }));
  });
}
