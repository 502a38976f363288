/**
 * @file Gives every chosen candidate its part, train, valid or test: a commit, a pair, a CVE and near duplicates stay on
 * one side. Labels are given; texts are numbers here.
 */

import { SPLITS, type Split } from '../../parts.ts';
import { utcDay } from '../../record-date.ts';
import { assignSplits } from '../../splits/assign-splits.ts';
import type { SplitItem } from '../../splits/split-item.ts';
import type { StatedOptions } from '../build-info.ts';
import type { GatheredUnit } from '../gather/gather-context.ts';
import type { CandidateIndex } from './candidate-index.ts';
import { CHOICE } from './choice.ts';
import type { Labelled } from './label-candidates.ts';

/** The side of a candidate that is in no part. */
export const NO_SIDE = -1;

export interface SplitCandidates {
  /** For each candidate an index into `SPLITS`, or `NO_SIDE`. */
  readonly sides: Int8Array;
  /** Chosen candidates without an ISO 8601 date. */
  readonly undated: number;
}

/**
 * Gives each candidate an index into `SPLITS`, or `NO_SIDE`. Near duplicates tie the fixes they are in. An unchanged
 * function ties nothing (getters and the like would tie all projects into one): where its near duplicates are on another
 * side it is dropped, and counted.
 * @throws VultuneError as `assignSplits`.
 */
export function splitCandidates(
  index: CandidateIndex,
  units: readonly GatheredUnit[],
  labelled: Labelled,
  nearGroups: Int32Array,
  options: StatedOptions,
): SplitCandidates {
  const chosen: number[] = [];
  labelled.choice.forEach((choice, candidate) => {
    if (choice !== CHOICE.none) chosen.push(candidate);
  });
  const items = chosen.map((candidate) => splitItem(candidate, index, units, labelled, nearGroups));
  const splits = assignSplits(items, {
    by: options.split,
    fractions: options.fractions,
    seed: options.seed,
    timePer: options.timePer,
  });
  const sides = new Int8Array(index.count).fill(NO_SIDE);
  chosen.forEach((candidate, at) => {
    sides[candidate] = SPLITS.indexOf(splits[at]!);
  });
  dropCrossing(chosen, sides, index, labelled, nearGroups);
  return { sides, undated: items.filter(({ date }) => date === undefined).length };
}

function splitItem(
  candidate: number,
  index: CandidateIndex,
  units: readonly GatheredUnit[],
  labelled: Labelled,
  nearGroups: Int32Array,
): SplitItem {
  const choice = labelled.choice[candidate]!;
  const label = index.label.get(candidate);
  const facts = label ?? units[index.unit[candidate]!]!.facts!;
  const { project, commit, cve } = facts;
  const date = facts.date === undefined ? undefined : utcDay(facts.date);
  const keys: string[] = [];
  if (commit !== undefined) keys.push(`the commit ${project ?? ''}@${commit}`);
  for (const id of cve === undefined ? [] : [cve].flat()) keys.push(`the CVE ${id}`);
  if (label?.pair !== undefined) keys.push(`the pair ${units[index.unit[candidate]!]!.source} ${label.pair}`);
  const joint = labelled.joints.get(index.pair[candidate]!);
  if (joint !== undefined) keys.push(`the fixes in a row ${joint}`);
  if (isTying(candidate, index, labelled)) keys.push(`like ${nearGroups[index.body[candidate]!]}`);
  const target = label?.target ?? (choice === CHOICE.P1 ? 1 : 0);
  const predefined = SPLITS.find((split) => split === label?.split) satisfies Split | undefined;
  if (keys.length === 0 && (project ?? date ?? predefined) === undefined) return BARE_ITEMS[target];
  return {
    keys,
    target,
    ...(project === undefined ? {} : { project }),
    ...(date === undefined ? {} : { date }),
    ...(predefined === undefined ? {} : { predefined }),
  };
}

/** Shared by the functions that nothing more is known of: a million in a large set. */
const BARE_ITEMS: readonly [SplitItem, SplitItem] = [
  { keys: [], target: 0 },
  { keys: [], target: 1 },
];

/** Whether near duplicates of it must be where it is: of vulnerable functions and their fixes. */
function isTying(candidate: number, { label }: CandidateIndex, { choice }: Labelled): boolean {
  const own = label.get(candidate);
  return own === undefined ? choice[candidate] !== CHOICE.P3 : own.target === 1 || own.set === 'P2';
}

function dropCrossing(
  chosen: readonly number[],
  sides: Int8Array,
  index: CandidateIndex,
  labelled: Labelled,
  nearGroups: Int32Array,
): void {
  const homes = homeSides(chosen, sides, index, labelled, nearGroups);
  for (const candidate of chosen) {
    if (isTying(candidate, index, labelled)) continue;
    if (homes[nearGroups[index.body[candidate]!]!] === sides[candidate]) continue;
    const tally = index.label.has(candidate) ? labelled.labelled : labelled.unchanged;
    tally.add('kept', -1);
    tally.add('near duplicate on another side of the split');
    sides[candidate] = NO_SIDE;
    labelled.choice[candidate] = CHOICE.none;
  }
}

/** [texts] of each group of near duplicates the side of its vulnerable functions or fixes, else the one most of it is on. */
function homeSides(
  chosen: readonly number[],
  sides: Int8Array,
  index: CandidateIndex,
  labelled: Labelled,
  nearGroups: Int32Array,
): Int8Array {
  const votes = new Float64Array(SPLITS.length * nearGroups.length);
  for (const candidate of chosen) {
    const group = nearGroups[index.body[candidate]!]!;
    const weight = isTying(candidate, index, labelled) ? Number.POSITIVE_INFINITY : 1;
    votes[SPLITS.length * group + sides[candidate]!]! += weight;
  }
  // When equal: test before valid before train.
  return Int8Array.from(nearGroups, (_, group) => {
    const counts = votes.subarray(SPLITS.length * group, SPLITS.length * (group + 1));
    return counts.lastIndexOf(Math.max(...counts));
  });
}
