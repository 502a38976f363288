/** @file Means with intervals over seeds, and what is said of two rows. */
import { describe, expect, test } from 'vitest';
import { summarise } from '../../../src/experiments/summary.ts';
import { tQuantile975 } from '../../../src/experiments/t-quantile.ts';
import { pairVerdicts, verdictText } from '../../../src/experiments/verdicts.ts';

const seeds = (...values: number[]) => summarise(values.map((value) => ({ value })));
const one = (value: number, low: number, high: number) => summarise([{ value, interval: [low, high] }]);
const row = (name: string, paper: number | undefined, ours: ReturnType<typeof seeds>) => ({
  name,
  paper,
  ours,
});

describe('a mean over seeds', () => {
  test("has Student's interval: 0.6, 0.7, 0.8 give 0.7 ± 4.303 · 0.1 / √3", () => {
    const { mean, min, max, interval, intervalOver } = seeds(0.6, 0.7, 0.8)!;
    expect([mean, min, max, intervalOver]).toEqual([expect.closeTo(0.7), 0.6, 0.8, 'seeds']);
    expect(interval![0]).toBeCloseTo(0.7 - (4.303 * 0.1) / Math.sqrt(3), 10);
  });

  test('of one seed has the bootstrap interval of its functions, and none of nothing', () => {
    expect(one(0.7, 0.6, 0.8)).toMatchObject({ interval: [0.6, 0.8], intervalOver: 'functions', seeds: 1 });
    expect(summarise([])).toBeUndefined();
  });

  test('its interval ends where the figure can not go', () => {
    expect(summarise([{ value: 0.5 }, { value: 1 }], [0, 1])!.interval).toEqual([0, 1]);
  });

  test('t falls towards the normal quantile, without a step behind the table', () => {
    expect(tQuantile975(30)).toBeCloseTo(2.042, 3);
    expect(tQuantile975(31)).toBeCloseTo(2.0395, 3);
    expect(tQuantile975(1e9)).toBeCloseTo(1.96, 3);
  });
});

describe('verdicts', () => {
  test('rows apart beyond their seeds stand in the same or the other order', () => {
    const [low, high] = [seeds(0.5, 0.51, 0.52), seeds(0.7, 0.71, 0.72)];
    const verdict = (a: typeof low, b: typeof low) =>
      verdictText(pairVerdicts([row('Mean', 0.57, a), row('Sum', 0.72, b)]));
    expect(verdict(low, high)).toBe('same order');
    expect(verdict(high, low)).toBe('other order');
    expect(verdict(low, seeds(0.4, 0.55, 0.7))).toBe('not told apart');
  });

  test('single runs are told apart only where their intervals do not meet', () => {
    const of = (b: ReturnType<typeof one>) =>
      pairVerdicts([row('A', 1, one(0.8, 0.75, 0.85)), row('B', 0, b)])[0]!.verdict;
    expect(of(one(0.6, 0.5, 0.7))).toBe('same order');
    expect(of(one(0.7, 0.6, 0.76))).toBe('not told apart');
  });

  test("the paper's equal cells, its gaps and rows that are not run order nothing", () => {
    const ours = seeds(0.1, 0.2);
    const rows = [
      row('A', 0.72, ours),
      row('B', 0.72, ours),
      row('C', undefined, ours),
      row('D', 0.9, undefined),
    ];
    expect(pairVerdicts(rows)).toEqual([]);
    expect(verdictText([])).toBeUndefined();
  });

  test('of several pairs the counts are said', () => {
    const rows = [row('A', 3, seeds(0.9, 0.91)), row('B', 2, seeds(0.3, 0.31)), row('C', 1, seeds(0.1, 0.9))];
    expect(verdictText(pairVerdicts(rows))).toBe(
      '3 pairs of rows that the paper orders: 1 same order, 2 not told apart',
    );
  });
});
