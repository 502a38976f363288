/** @file Splits: no key crosses, fractions are met, order and seed do what they say, time runs forwards. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SPLITS, type Split } from '../../../src/dataset/parts.ts';
import { assignSplits } from '../../../src/dataset/splits/assign-splits.ts';
import type { SplitItem, SplitOptions } from '../../../src/dataset/splits/split-item.ts';

const fractions = { train: 0.7, valid: 0.15, test: 0.15 };
const options = (by: SplitOptions['by'], more: Partial<SplitOptions> = {}): SplitOptions => ({
  by,
  fractions,
  seed: 1,
  ...more,
});

const anyItem = fc.record({
  keys: fc.uniqueArray(
    fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`),
    { maxLength: 3 },
  ),
  target: fc.constantFrom<0 | 1>(0, 1),
  project: fc.constantFrom('a', 'b', 'c', 'd'),
  date: fc.integer({ min: 1, max: 28 }).map((day) => `2021-03-${String(day).padStart(2, '0')}`),
  predefined: fc.constantFrom<Split>(...SPLITS),
});
const anyBy = fc.constantFrom<SplitOptions['by']>('commit', 'project', 'time', 'predefined');
const anyPer = fc.constantFrom<'project' | 'all'>('project', 'all');

/** Splits that each key is seen in. */
function splitsOfKeys(items: readonly SplitItem[], splits: readonly Split[]): Map<string, Set<Split>> {
  const seen = new Map<string, Set<Split>>();
  items.forEach(({ keys }, i) => {
    for (const key of keys) seen.set(key, (seen.get(key) ?? new Set()).add(splits[i]!));
  });
  return seen;
}

const share = (splits: readonly Split[], split: Split) =>
  splits.filter((found) => found === split).length / splits.length;

describe('assignSplits', () => {
  test('no key is on two sides, however items hang together', () => {
    fc.assert(
      fc.property(fc.array(anyItem, { minLength: 1, maxLength: 80 }), anyBy, anyPer, (items, by, timePer) => {
        const splits = assignSplits(items, options(by, { timePer }));
        expect(splits).toHaveLength(items.length);
        for (const sides of splitsOfKeys(items, splits).values()) expect(sides.size).toBe(1);
      }),
    );
  });

  test('the order of the items does not matter', () => {
    fc.assert(
      fc.property(
        fc.array(anyItem, { minLength: 1, maxLength: 40 }),
        anyBy,
        anyPer,
        fc.integer(),
        (items, by, timePer, turn) => {
          const at = Math.abs(turn) % items.length;
          const turned = [...items.slice(at), ...items.slice(0, at)].reverse();
          const told = (list: readonly SplitItem[]) => {
            const splits = assignSplits(list, options(by, { timePer }));
            return list.map((item, i) => `${JSON.stringify(item)} ${splits[i]}`).sort();
          };
          expect(told(turned)).toEqual(told(items));
        },
      ),
    );
  });

  test('fractions of the vulnerable and of all are met where groups are small; another seed, another split', () => {
    const items: SplitItem[] = Array.from({ length: 3000 }, (_, i) => ({
      keys: [`c${Math.floor(i / 3)}`],
      target: i % 3 === 0 && i % 5 !== 0 ? 1 : 0,
    }));
    const splits = assignSplits(items, options('commit'));
    for (const split of SPLITS) {
      expect(share(splits, split)).toBeCloseTo(fractions[split], 2);
      const vulnerable = splits.filter((_, i) => items[i]!.target === 1);
      expect(share(vulnerable, split)).toBeCloseTo(fractions[split], 2);
    }
    expect(assignSplits(items, options('commit', { seed: 2 }))).not.toEqual(splits);
    expect(assignSplits(items, options('commit'))).toEqual(splits);
  });

  test('project: a project is whole', () => {
    const items: SplitItem[] = Array.from({ length: 200 }, (_, i) => ({
      keys: [`c${i}`],
      target: i % 2 === 0 ? 1 : 0,
      project: `p${i % 20}`,
    }));
    const splits = assignSplits(items, options('project'));
    const seen = new Map<string, Set<Split>>();
    for (const [i, { project }] of items.entries()) {
      seen.set(project!, (seen.get(project!) ?? new Set()).add(splits[i]!));
    }
    expect([...seen.values()].every((sides) => sides.size === 1)).toBe(true);
    expect(new Set(splits).size).toBe(3);
  });

  test('time: whatever is in test is later than whatever is in train, undated items are in train', () => {
    const items: SplitItem[] = Array.from({ length: 365 }, (_, i) => ({
      keys: [],
      target: i % 2 === 0 ? 1 : 0,
      date: new Date(Date.UTC(2020, 0, 1 + ((i * 37) % 365))).toISOString().slice(0, 10),
    }));
    items.push({ keys: [], target: 0 });
    const splits = assignSplits(items, options('time'));
    const dates = (split: Split) =>
      items.flatMap(({ date }, i) => (splits[i] === split && date ? [date] : []));
    const latest = (list: readonly string[]) => [...list].sort().at(-1)!;
    const earliest = (list: readonly string[]) => [...list].sort()[0]!;
    expect(latest(dates('train')) < earliest(dates('valid'))).toBe(true);
    expect(latest(dates('valid')) < earliest(dates('test'))).toBe(true);
    expect(splits.at(-1)).toBe('train');
    expect(share(splits, 'train')).toBeCloseTo(0.7, 1);
    expect(share(splits, 'test')).toBeCloseTo(0.15, 1);
  });

  test('time: a group goes by its latest date; one day is not parted', () => {
    const items: SplitItem[] = [
      ...Array.from(
        { length: 10 },
        (_, i): SplitItem => ({ keys: [], target: 1, date: `2020-01-0${(i % 5) + 1}` }),
      ),
      { keys: ['old and new'], target: 1, date: '2010-01-01' },
      { keys: ['old and new'], target: 1, date: '2022-01-01' },
    ];
    const splits = assignSplits(items, options('time'));
    expect(splits.slice(-2)).toEqual(['test', 'test']);
    for (let i = 0; i < 5; i++) expect(splits[i + 5]).toBe(splits[i]);
  });

  test('time per project: every large project has an early train and a late test', () => {
    const items: SplitItem[] = Array.from({ length: 80 }, (_, i) => ({
      keys: [],
      target: 1,
      project: i < 40 ? 'old' : 'new',
      date: `${i < 40 ? 2001 : 2021}-${String((i % 12) + 1).padStart(2, '0')}-01`,
    }));
    const all = assignSplits(items, options('time'));
    const per = assignSplits(items, options('time', { timePer: 'project' }));
    expect(all.slice(0, 40).includes('test')).toBe(false);
    expect(per.slice(0, 40).includes('test')).toBe(true);
    expect(per.slice(40).includes('train')).toBe(true);
  });

  test('predefined: as told; a parted group goes where most of it is', () => {
    const items: SplitItem[] = [
      { keys: ['a'], target: 1, predefined: 'test' },
      { keys: ['a'], target: 0, predefined: 'test' },
      { keys: ['a'], target: 0, predefined: 'train' },
      { keys: ['b'], target: 0, predefined: 'valid' },
      { keys: ['b'], target: 0 },
    ];
    expect(assignSplits(items, options('predefined'))).toEqual(['test', 'test', 'test', 'valid', 'valid']);
  });

  test.each([
    ['project', 'no function has the field "project"'],
    ['time', 'no function has the field "date"'],
    ['predefined', 'no function has the field "split"'],
  ] as const)('by %s without the field is refused', (by, message) => {
    expect(() => assignSplits([{ keys: [], target: 1 }], options(by))).toThrow(message);
  });

  test('fractions that do not add up are refused', () => {
    const wrong = { train: 0.5, valid: 0.2, test: 0.2 };
    expect(() => assignSplits([], options('commit', { fractions: wrong }))).toThrow('add up to 1');
  });
});
