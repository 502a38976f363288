/**
 * @file Gives every function of a dataset its side: train, valid or test. What must not be parted (a pair, a commit, a
 * CVE, a duplicate group, a project) comes as keys; nothing else of a function is known here.
 */

import { VultuneError } from '../../base/errors.ts';
import { DisjointSets } from '../duplicates/disjoint-sets.ts';
import { type Fractions, SPLITS, type Split } from '../parts.ts';
import { sidesOfGroups } from './split-by-group.ts';
import { splitByTime } from './split-by-time.ts';
import type { ItemGroup, SplitItem, SplitOptions } from './split-item.ts';

/**
 * The side of each item. The same items and seed give the same sides, whatever their order.
 * - commit: groups of keys at random; - project: likewise, a project whole;
 * - time: groups by their latest date, later ones to valid and test, those without a date to train;
 * - predefined: as the items say; a group that they part goes where most of it is (train before valid before test when
 *   equal), with the items that say nothing.
 * @throws VultuneError `DATASET_OPTION` (fractions), `DATASET_FIELD_MISSING`: no item has what the split goes by.
 */
export function assignSplits(items: readonly SplitItem[], options: SplitOptions): Split[] {
  checkFractions(options.fractions);
  checkFields(items, options.by);
  const groups = groupItems(items, options.by === 'project');
  const sides = sidesOf(groups, items, options);
  const splits: Split[] = new Array<Split>(items.length);
  groups.forEach((group, g) => {
    for (const index of group.items) splits[index] = sides[g]!;
  });
  return splits;
}

function sidesOf(
  groups: readonly ItemGroup[],
  items: readonly SplitItem[],
  { by, fractions, seed, timePer }: SplitOptions,
): readonly Split[] {
  if (by === 'time') return splitByTime(groups, items, { fractions, seed, per: timePer ?? 'all' });
  if (by === 'predefined') return groups.map((group) => majoritySide(group, items));
  return sidesOfGroups(groups, fractions, seed);
}

/** Groups sorted by name. */
export function groupItems(items: readonly SplitItem[], byProject = false): ItemGroup[] {
  const sets = new DisjointSets(items.length);
  const firstWith = new Map<string, number>();
  items.forEach((item, index) => {
    for (const key of keysOf(item, byProject)) {
      const first = firstWith.get(key);
      if (first === undefined) firstWith.set(key, index);
      else sets.join(first, index);
    }
  });
  const members = new Map<number, number[]>();
  for (let index = 0; index < items.length; index++) {
    const root = sets.rootOf(index);
    const group = members.get(root);
    if (group === undefined) members.set(root, [index]);
    else group.push(index);
  }
  // A million items without keys look alike: one text for all of them.
  const looks = new Map<string, string>();
  const named = Array.from(members.values(), (group) => {
    const name = nameOf(group, items, byProject);
    if (!looks.has(name)) looks.set(name, name);
    return { name: looks.get(name)!, items: group };
  });
  members.clear();
  looks.clear();
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  // Items without keys that look the same are told apart by number: which is which does not matter.
  let [last, repeat] = ['', 0];
  return named.map(({ name, items: group }) => {
    repeat = name === last ? repeat + 1 : 0;
    last = name;
    const vulnerable = group.filter((index) => items[index]!.target === 1).length;
    const sizes =
      group.length === 1 ? SIZES_OF_ONE[vulnerable as 0 | 1] : ([vulnerable, group.length] as const);
    return { name: `${name} ${repeat}`, items: group, sizes };
  });
}

/** Shared: most groups of a large set are single functions. */
const SIZES_OF_ONE = [
  [0, 1],
  [1, 1],
] as const;

function keysOf({ keys, project }: SplitItem, byProject: boolean): readonly string[] {
  return byProject && project !== undefined ? [...keys, `the project ${project}`] : keys;
}

function nameOf(group: readonly number[], items: readonly SplitItem[], byProject: boolean): string {
  let name: string | undefined;
  for (const index of group) {
    for (const key of keysOf(items[index]!, byProject)) if (name === undefined || key < name) name = key;
  }
  if (name !== undefined) return name;
  const { target, project, date, predefined } = items[group[0]!]!;
  return JSON.stringify([target, project, date, predefined]);
}

function majoritySide(group: ItemGroup, items: readonly SplitItem[]): Split {
  const votes = { train: 0, valid: 0, test: 0 };
  for (const index of group.items) {
    const { predefined } = items[index]!;
    if (predefined !== undefined) votes[predefined]++;
  }
  return SPLITS.reduce((a, b) => (votes[b] > votes[a] ? b : a));
}

function checkFractions(fractions: Fractions): void {
  const shares = SPLITS.map((split) => fractions[split]);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.every((share) => share >= 0) && Math.abs(total - 1) <= 1e-6) return;
  const found = `fractions are ${shares.join(', ')}, expected three numbers, none negative, that add up to 1`;
  throw new VultuneError('DATASET_OPTION', found, { where: { name: 'fractions' } });
}

const FIELDS = { project: 'project', time: 'date', predefined: 'split' } as const;

function checkFields(items: readonly SplitItem[], by: SplitOptions['by']): void {
  if (by === 'commit' || items.length === 0) return;
  const has = { project: 'project', time: 'date', predefined: 'predefined' } as const;
  if (items.some((item) => item[has[by]] !== undefined)) return;
  const field = FIELDS[by];
  throw new VultuneError('DATASET_FIELD_MISSING', `no function has the field "${field}"`, {
    where: { name: field },
    hint: `a split by ${by} needs it; a split by commit does not`,
  });
}
