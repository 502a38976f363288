/** @file Functions through a network in one line: logits, loss and gradients of any grouping, and how far two are apart. */
import fc from 'fast-check';
import type { Network } from '../../src/network/network.ts';
import { classification, type Label, type LossOptions } from '../../src/objectives/classification.ts';
import type { NextTokens } from '../../src/objectives/next-token.ts';
import type { Example, Objective, RowObjective } from '../../src/objectives/objective.ts';
import type { Packing } from '../../src/packing/layout.ts';
import { type PackedSequence, packSequence } from '../../src/packing/pack-sequence.ts';
import { largestMagnitude } from '../../src/tensor/largest-magnitude.ts';
import { zerosLike } from '../../src/training/adamw.ts';
import type { TinyNetwork } from './tiny-model.ts';

export type TinyFunction = Example<Label>;

export interface StepOptions {
  readonly packing?: Packing;
  /** Packing none: slots added to the longest function's row. */
  readonly extraPadding?: number;
  readonly sharePrefixes?: boolean;
  /** Packing joined: the token between two functions. */
  readonly separator?: number;
  readonly dropout?: number;
  readonly loss?: LossOptions;
  /** Instead of the classification that `loss` describes: for heads that do not give two logits per function. */
  readonly objective?: Objective<Label>;
  /** The next token's loss instead, of functions each followed by a token that its label tells: see {@link answered}. */
  readonly nextToken?: { readonly objective: RowObjective<NextTokens>; readonly on: 'all' | 'answer' };
  /** What the network calls for a sequence's frozen part; undefined: it computes it. */
  readonly frozen?: (
    sequence: PackedSequence,
    ids: readonly (readonly number[])[],
  ) => ReturnType<Network['frozen']>;
}

export interface StepTensors {
  /** [functions, C] in the order of the functions, whatever the grouping; group by group where a head gives no equal rows. */
  readonly logits: Float64Array;
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Ids below `vocabulary`, 1 to `longest` tokens. */
export const arbitraryFunctions = (vocabulary: number, longest = 40, most = 7) =>
  fc.array(
    fc.record({
      // 'max': lengths over the whole range, where fast-check prefers short ones.
      ids: fc.array(fc.integer({ min: 0, max: vocabulary - 1 }), {
        minLength: 1,
        maxLength: longest,
        size: 'max',
      }),
      target: fc.constantFrom<0 | 1>(0, 1),
      weight: fc.constantFrom(0.5, 1, 3),
    }),
    { minLength: 1, maxLength: most, size: 'max' },
  );

/** Puts functions into groups as random numbers say; groups are in random order too. */
export function groupBy(count: number, groupOf: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const group = groupOf[i % groupOf.length]!;
    groups.set(group, [...(groups.get(group) ?? []), i]);
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([, members]) => members);
}

export function sequenceOf(
  ids: readonly (readonly number[])[],
  { packing = 'isolated', extraPadding = 0, sharePrefixes = false, separator }: StepOptions = {},
): PackedSequence {
  const longest = Math.max(...ids.map((list) => list.length));
  const padTo = packing === 'none' ? longest + extraPadding : undefined;
  return packSequence(ids, { packing, padTo, sharePrefixes, separator });
}

/** Steps over every group, gradients added up. */
export async function stepGroups(
  { network, judgement, parameters }: Pick<TinyNetwork, 'network' | 'judgement' | 'parameters'>,
  functions: readonly TinyFunction[],
  groups: readonly (readonly number[])[],
  options: StepOptions = {},
): Promise<StepTensors> {
  const gradients = zerosLike(parameters);
  const objective = options.objective ?? classification(options.loss ?? { kind: 'cross_entropy' });
  const said: Float32Array[] = [];
  let loss = 0;
  for (const group of groups) {
    const rows = group.map((i) => functions[i]!);
    const ids = rows.map((row) => row.ids);
    const sequence = sequenceOf(ids, options);
    const { nextToken } = options;
    const learnt =
      nextToken === undefined
        ? { objective, feeds: objective.feeds(rows, 1) }
        : {
            objective: nextToken.objective,
            feeds: {},
            rows: nextToken.objective.rows(
              rows.map((row) => ({ target: answered(row, nextToken.on), weight: row.weight })),
              sequence.layout,
              1,
            ),
          };
    const result = await network.step(
      sequence,
      nextToken?.objective.head ?? judgement.head,
      {
        ...learnt,
        dropout:
          options.dropout === undefined ? undefined : { probability: options.dropout, seed: 5, step: 3 },
      },
      gradients,
      await options.frozen?.(sequence, ids),
    );
    loss += result.loss;
    said.push(result.logits);
  }
  return { logits: inFunctionOrder(said, groups, functions.length), loss, gradients };
}

/** Behind the last token, token 2 or 3 stands for the label. */
export const answered = ({ ids, target }: TinyFunction, on: 'all' | 'answer'): NextTokens => ({
  label: target,
  next: [...ids.slice(1), 2 + target],
  from: on === 'all' ? 0 : ids.length - 1,
});

function inFunctionOrder(
  said: readonly Float32Array[],
  groups: readonly (readonly number[])[],
  functionCount: number,
): Float64Array {
  const widths = new Set(said.map((logits, i) => logits.length / groups[i]!.length));
  if (widths.size !== 1) return Float64Array.from(said.flatMap((logits) => [...logits]));
  const [width = 0] = widths;
  const all = new Float64Array(functionCount * width);
  for (const [i, logits] of said.entries()) {
    for (const [row, one] of groups[i]!.entries()) {
      all.set(logits.subarray(row * width, (row + 1) * width), one * width);
    }
  }
  return all;
}

/** Logits [B, 2] of one sequence, in a line. */
export async function logitsOf(
  { network, judgement }: Pick<TinyNetwork, 'network' | 'judgement'>,
  sequence: PackedSequence,
): Promise<Float32Array> {
  return (await network.logits(sequence, judgement.head)).data;
}

export const alone = (functions: readonly unknown[]) => functions.map((_, i) => [i]);
export const together = (functions: readonly unknown[]) => [functions.map((_, i) => i)];

/** The largest difference of two tensors over the largest entry of the second, or `least`; infinite where one is not a number. */
export function relativeDifference(found: ArrayLike<number>, expected: ArrayLike<number>, least = 0): number {
  let [worst, largest] = [0, least];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    worst = Math.max(worst, Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return worst === 0 ? 0 : worst / largest;
}

/**
 * Of the largest gradient: where all terms cancel (behind a softmax over one key), what is left is their rounding, which is another
 * number on every kind of processor.
 */
const CANCELLED = 0.001;

/** The largest relative difference over logits, loss and every gradient, with the name of what it is of. */
export function worstDifference(found: StepTensors, expected: StepTensors): { name: string; error: number } {
  const least = CANCELLED * Math.max(...[...expected.gradients.values()].map(largestMagnitude));
  const rows: [string, number][] = [
    ['logits', relativeDifference(found.logits, expected.logits)],
    ['loss', relativeDifference([found.loss], [expected.loss])],
    ...[...expected.gradients].map(([key, gradient]): [string, number] => [
      key,
      relativeDifference(found.gradients.get(key) ?? [], gradient, least),
    ]),
  ];
  const [name, error] = rows.reduce((worst, row) => (row[1] > worst[1] ? row : worst));
  return { name, error };
}
