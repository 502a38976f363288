/**
 * @file Which of a dataset's functions are kept and on which side each one is, so that nothing crosses: duplicates and
 * bodies with both labels dropped where that is asked for, the others tied. Reads and writes no files.
 */
import { SPLITS, type Split } from '../parts.ts';
import { assignSplits } from './assign-splits.ts';
import type { SplitItem, SplitOptions } from './split-item.ts';

export interface PlanItem extends SplitItem {
  /**
   * Whether its near duplicates must be where it is: vulnerable functions and fixes. Others tie nothing (getters and the
   * like would tie all projects into one); those with near duplicates on another side are dropped.
   */
  readonly isTying: boolean;
}

export interface PlanOptions extends SplitOptions {
  /** Keeps one of each set of equal bodies; drops bodies labelled both ways. */
  readonly deduplicate: boolean;
}

export interface SplitPlan {
  /** For each item its side; undefined: dropped. */
  readonly sides: readonly (Split | undefined)[];
  /** How many were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

const CONFLICT = 'the same body with both labels';
const REPEATED = 'the same body again';
const CROSSING = 'near duplicate on another side of the split';

/**
 * `exact` and `near`: for each item the first one of its group. Among equal bodies the one in the predefined test part is
 * kept, else that in valid, else the first. @throws VultuneError as `assignSplits`.
 */
export function planSplits(
  items: readonly PlanItem[],
  exact: Int32Array,
  near: Int32Array,
  options: PlanOptions,
): SplitPlan {
  const dropped: Record<string, number> = {};
  const drop = (reason: string) => {
    dropped[reason] = (dropped[reason] ?? 0) + 1;
  };
  const kept = options.deduplicate ? withoutDuplicates(items, exact, drop) : [...items.keys()];
  const tied = kept.map((at): SplitItem => {
    const item = items[at]!;
    return item.isTying ? { ...item, keys: [...item.keys, `like ${near[at]}`] } : item;
  });
  const splits = assignSplits(tied, options);
  const sides = new Array<Split | undefined>(items.length).fill(undefined);
  const homes = homeSides(kept, splits, items, near);
  kept.forEach((at, i) => {
    if (items[at]!.isTying || SPLITS[homes[near[at]!]!] === splits[i]) sides[at] = splits[i];
    else drop(CROSSING);
  });
  return { sides, dropped };
}

function withoutDuplicates(
  items: readonly PlanItem[],
  exact: Int32Array,
  drop: (reason: string) => void,
): number[] {
  const labels = new Uint8Array(items.length);
  const best = new Map<number, number>();
  items.forEach((item, at) => {
    const group = exact[at]!;
    labels[group]! |= item.target === 1 ? 2 : 1;
    const other = best.get(group);
    if (other === undefined || rank(item) > rank(items[other]!)) best.set(group, at);
  });
  const kept: number[] = [];
  for (let at = 0; at < items.length; at++) {
    if (labels[exact[at]!] === 3) drop(CONFLICT);
    else if (best.get(exact[at]!) === at) kept.push(at);
    else drop(REPEATED);
  }
  return kept;
}

const rank = ({ predefined }: PlanItem) => (predefined === undefined ? -1 : SPLITS.indexOf(predefined));

/** [items] of each group of near duplicates the side of those that tie, else the one most of it is on. */
function homeSides(
  kept: readonly number[],
  splits: readonly Split[],
  items: readonly PlanItem[],
  near: Int32Array,
): Uint8Array {
  const votes = new Float64Array(SPLITS.length * near.length);
  kept.forEach((at, i) => {
    const weight = items[at]!.isTying ? Number.POSITIVE_INFINITY : 1;
    votes[SPLITS.length * near[at]! + SPLITS.indexOf(splits[i]!)]! += weight;
  });
  // When equal: test before valid before train, so that a test part loses nothing.
  return Uint8Array.from(near, (_, group) => {
    const counts = votes.subarray(SPLITS.length * group, SPLITS.length * (group + 1));
    return counts.lastIndexOf(Math.max(...counts));
  });
}
