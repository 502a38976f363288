/** @file What a split is made of: items, the groups that stay together, and what a split goes by. Shapes only. */
import type { Fractions, Split } from '../parts.ts';

export type SplitBy = 'commit' | 'project' | 'time' | 'predefined';

export interface SplitItem {
  /** Items that share one stay together. The caller sees to it that a commit's and a pair's do not collide. */
  readonly keys: readonly string[];
  readonly target: 0 | 1;
  readonly project?: string;
  /** UTC day, `2021-09-04`. */
  readonly date?: string;
  readonly predefined?: Split;
}

export interface SplitOptions {
  readonly by: SplitBy;
  /** Target shares of the vulnerable and of all items, met as closely as the groups allow. */
  readonly fractions: Fractions;
  readonly seed: number;
  /** Default all: one point in time for the whole dataset, not one in each project. */
  readonly timePer?: 'project' | 'all';
}

/** Items tied together by keys, straight or through others. */
export interface ItemGroup {
  /** The same whatever the order of the items. */
  readonly name: string;
  readonly items: readonly number[];
  /** [vulnerable, all]. */
  readonly sizes: readonly [number, number];
}
