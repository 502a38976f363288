/** @file What an epoch is planned from: lengths, functions that begin alike, pairs, the curriculum. Plans nothing itself. */
import { invariant } from '../base/errors.ts';
import type { Example } from '../objectives/objective.ts';
import { groupAtFullLength, keepPairsWhole, type PlannableFunctions } from '../packing/units.ts';

/** Which functions come first in the first epoch: the shortest, those with the least loss under the model at the start, or the unrelated ones (P3). */
export type CurriculumKind = 'length' | 'loss' | 'p3_first';

/**
 * What is planned: lengths, and which functions begin alike. It is the same whether or not common beginnings are shared, and
 * with any dropout: the seed alone decides which functions make a step, so two runs that differ in one of these differ in
 * nothing else.
 * @param difficulty [functions] how hard each is for the model at the start, for a curriculum by loss
 */
export function plannableFunctions(
  functions: readonly Pick<Example<unknown>, 'ids' | 'unrelated' | 'pair'>[],
  { curriculum: by }: { readonly curriculum?: CurriculumKind | undefined },
  difficulty?: Float64Array,
): PlannableFunctions {
  const alike = groupAtFullLength(functions.map((one) => one.ids));
  const pairs = pairsOf(functions);
  const planned = pairs.length === 0 ? alike : keepPairsWhole(alike, pairs);
  switch (by) {
    case undefined:
      return planned;
    case 'length':
      return { ...planned, curriculum: { difficulty: planned.lengths, annealed: true } };
    case 'p3_first': {
      const order = functions.map(({ unrelated = false }) => (unrelated ? 0 : 1));
      return { ...planned, curriculum: { difficulty: order, annealed: false } };
    }
    case 'loss':
      invariant(difficulty !== undefined, 'a curriculum by loss is planned before any loss is known');
      return { ...planned, curriculum: { difficulty: Array.from(difficulty), annealed: true } };
  }
}

/** Both functions of each pair. */
function pairsOf(functions: readonly Pick<Example<unknown>, 'pair'>[]): readonly (readonly number[])[] {
  const pairs = new Map<number, number[]>();
  for (const [index, { pair }] of functions.entries()) {
    if (pair === undefined) continue;
    const members = pairs.get(pair.number);
    if (members === undefined) pairs.set(pair.number, [index]);
    else members.push(index);
  }
  return [...pairs.values()];
}
