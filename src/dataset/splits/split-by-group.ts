/**
 * @file Splits groups (packages, projects, commits) into train, valid and test so that no group is on two sides.
 * Works on group sizes, not on records.
 */

import { randomStream } from '../../base/random.ts';
import { type Fractions, SPLITS, type Split } from '../parts.ts';

export interface SplitGroup {
  readonly name: string;
  /** What is to be balanced: for instance [vulnerable functions, all functions]. */
  readonly sizes: readonly number[];
}

const TRIES = 64;
/** With very many groups every order is about as good, so fewer orders are tried. */
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
  const sides = sidesOfGroups(groups, fractions, seed);
  return new Map(groups.map(({ name }, at) => [name, sides[at]!]));
}

/** As `splitByGroup`, the side of each group at its place: there may be a million. */
export function sidesOfGroups(groups: readonly SplitGroup[], fractions: Fractions, seed: number): Split[] {
  const sorted = Array.from(groups.keys()).sort((a, b) => (groups[a]!.name < groups[b]!.name ? -1 : 1));
  const random = randomStream(seed, 'split');
  const tries = Math.max(1, Math.min(TRIES, Math.floor(MOST_ASSIGNED / Math.max(1, groups.length))));
  let best: Assignment | undefined;
  for (let attempt = 0; attempt < tries; attempt++) {
    const found = assign(groups, random.shuffle(sorted), fractions);
    if (best === undefined || found.error < best.error) best = found;
  }
  return Array.from(best!.sides, (side) => SPLITS[side]!);
}

interface Assignment {
  /** [groups] index into `SPLITS`. */
  readonly sides: Uint8Array;
  readonly error: number;
}

function assign(groups: readonly SplitGroup[], order: readonly number[], fractions: Fractions): Assignment {
  const totals = (groups[0]?.sizes ?? []).map((_, i) =>
    groups.reduce((total, { sizes }) => total + sizes[i]!, 0),
  );
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
  const sides = new Uint8Array(groups.length);
  for (const at of order) {
    const side = SPLITS.reduce((a, b) => (missing(b) > missing(a) ? b : a));
    sides[at] = SPLITS.indexOf(side);
    groups[at]!.sizes.forEach((size, i) => {
      filled[side][i]! += size;
    });
  }
  const errors = SPLITS.flatMap((split) =>
    totals.map((total, i) => (total === 0 ? 0 : Math.abs(filled[split][i]! / total - fractions[split]))),
  );
  return { sides, error: Math.max(...errors) };
}
