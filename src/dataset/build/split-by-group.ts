/**
 * @file Splits groups (packages, projects, commits) into train, valid and test so that no group is on two sides.
 * Knows nothing of records.
 */
import { randomStream } from '../../base/random.ts';

export const SPLITS = ['train', 'valid', 'test'] as const;
export type Split = (typeof SPLITS)[number];
export type Fractions = Readonly<Record<Split, number>>;

export interface SplitGroup {
  readonly name: string;
  /** What is to be balanced: for instance [vulnerable functions, all functions]. */
  readonly sizes: readonly number[];
}

const TRIES = 64;
/** Of very many groups every order is about as good: fewer are tried. */
const MOST_ASSIGNED = 2 ** 21;

/**
 * Each group's side. Groups go, in random order, where most is missing; of many such orders the one with the
 * shares closest to the fractions is taken. The same groups and seed give the same split, whatever their order.
 */
export function splitByGroup(
  groups: readonly SplitGroup[],
  fractions: Fractions,
  seed: number,
): Map<string, Split> {
  const sorted = [...groups].sort((a, b) => (a.name < b.name ? -1 : 1));
  const random = randomStream(seed, 'split');
  const tries = Math.max(1, Math.min(TRIES, Math.floor(MOST_ASSIGNED / Math.max(1, groups.length))));
  let best: { readonly sides: Map<string, Split>; readonly error: number } | undefined;
  for (let attempt = 0; attempt < tries; attempt++) {
    const found = assign(random.shuffle(sorted), fractions);
    if (best === undefined || found.error < best.error) best = found;
  }
  return best!.sides;
}

function assign(
  groups: readonly SplitGroup[],
  fractions: Fractions,
): { readonly sides: Map<string, Split>; readonly error: number } {
  const totals = sum(groups.map((group) => group.sizes));
  const filled: Record<Split, number[]> = {
    train: totals.map(() => 0),
    valid: totals.map(() => 0),
    test: totals.map(() => 0),
  };
  /** The largest distance of a share from its fraction; a side that wants nothing is never chosen. */
  const missing = (split: Split) =>
    fractions[split] === 0
      ? Number.NEGATIVE_INFINITY
      : Math.min(
          ...totals.map((total, i) => (total === 0 ? 1 : 1 - filled[split][i]! / (total * fractions[split]))),
        );
  const sides = new Map<string, Split>();
  for (const group of groups) {
    const side = SPLITS.reduce((a, b) => (missing(b) > missing(a) ? b : a));
    sides.set(group.name, side);
    filled[side] = sum([filled[side], group.sizes]);
  }
  const errors = SPLITS.flatMap((split) =>
    totals.map((total, i) => (total === 0 ? 0 : Math.abs(filled[split][i]! / total - fractions[split]))),
  );
  return { sides, error: Math.max(...errors) };
}

function sum(rows: readonly (readonly number[])[]): number[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, i) => rows.reduce((total, row) => total + row[i]!, 0));
}
