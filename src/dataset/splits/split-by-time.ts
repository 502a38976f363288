/**
 * @file Splits groups by time: earlier ones to train, later ones to valid, the latest to test. Looks at a
 * group's dates, projects and sizes only.
 */
import { randomStream } from '../../base/random.ts';
import type { Fractions, Split } from '../parts.ts';
import type { ItemGroup, SplitItem } from './split-item.ts';

export interface TimeSplitOptions {
  readonly fractions: Fractions;
  readonly seed: number;
  readonly per: 'project' | 'all';
}

interface DatedGroup extends ItemGroup {
  /** Where it stands in the list that was given. */
  readonly place: number;
  /** The latest of its items; empty when none has one: before all others. */
  readonly date: string;
  /** That of its latest item. */
  readonly project: string;
}

/**
 * The side of each group. Per project, every project gets its own two points in time; what one project, too small to
 * be cut well, leaves of the fractions unmet is made up for by the next (in random order).
 */
export function splitByTime(
  groups: readonly ItemGroup[],
  items: readonly SplitItem[],
  { fractions, seed, per }: TimeSplitOptions,
): Split[] {
  const streams = new Map<string, DatedGroup[]>();
  groups.forEach((group, place) => {
    const dated = dateGroup(group, place, items);
    const name = per === 'project' ? dated.project : '';
    const stream = streams.get(name);
    if (stream === undefined) streams.set(name, [dated]);
    else stream.push(dated);
  });
  const sides: Split[] = new Array<Split>(groups.length);
  const names = randomStream(seed, 'split by time').shuffle([...streams.keys()].sort());
  const totals = { train: [0, 0], trainAndValid: [0, 0], all: [0, 0] };
  for (const name of names) {
    const stream = streams.get(name)!.sort(compareDates);
    for (const group of stream) addTo(totals.all, group.sizes);
    const { train, valid } = fractions;
    const first = cutPoint(stream, 0, totals.train, totals.all, train);
    const second = cutPoint(stream, first, totals.trainAndValid, totals.all, train + valid);
    stream.forEach((group, i) => {
      sides[group.place] = i < first ? 'train' : i < second ? 'valid' : 'test';
      if (i < first) addTo(totals.train, group.sizes);
      if (i < second) addTo(totals.trainAndValid, group.sizes);
    });
  }
  return sides;
}

function dateGroup(group: ItemGroup, place: number, items: readonly SplitItem[]): DatedGroup {
  let [date, project] = ['', ''];
  for (const index of group.items) {
    const item = items[index]!;
    const [itemDate, itemProject] = [item.date ?? '', item.project ?? ''];
    // Several projects at one date: the first by name, whatever the order of the items.
    if (itemDate < date || (itemDate === date && project !== '' && itemProject >= project)) continue;
    [date, project] = [itemDate, itemProject];
  }
  return { ...group, place, date, project };
}

function compareDates(a: DatedGroup, b: DatedGroup): number {
  return a.date < b.date ? -1 : a.date > b.date ? 1 : a.name < b.name ? -1 : 1;
}

/** How many groups of the stream, `from` at least, bring [vulnerable, all] before the cut closest to the fraction. */
function cutPoint(
  stream: readonly DatedGroup[],
  from: number,
  before: readonly number[],
  totals: readonly number[],
  fraction: number,
): number {
  const sums = [...before];
  let best = { at: 0, error: Number.POSITIVE_INFINITY };
  for (let at = 0; at <= stream.length; at++) {
    if (at >= from && isBetweenDates(stream, at)) {
      const errors = sums.map((sum, i) => (totals[i] === 0 ? 0 : Math.abs(sum / totals[i]! - fraction)));
      const error = Math.max(...errors);
      if (error < best.error) best = { at, error };
    }
    if (at < stream.length) addTo(sums, stream[at]!.sizes);
  }
  return best.at;
}

/** What happened on one day is not parted; what has no date is not later than anything. */
function isBetweenDates(stream: readonly DatedGroup[], at: number): boolean {
  if (at === 0) return stream[0]?.date !== '';
  return at === stream.length || stream[at]!.date !== stream[at - 1]!.date;
}

function addTo(sums: number[], sizes: readonly number[]): void {
  sums[0] = sums[0]! + sizes[0]!;
  sums[1] = sums[1]! + sizes[1]!;
}
