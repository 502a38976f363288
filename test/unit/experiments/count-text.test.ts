import { expect, test } from 'vitest';
import { figureText, summaryText } from '../../../src/experiments/table-text.ts';

test.each([
  ['correct', 3, '3'],
  ['incorrect', 5.333, '5.3'],
  ['unclassified', 1234.4, '1,234'],
  ['best_epoch', 12, '12'],
  ['roc_auc', 1, '1.000'],
])('%s %d is written %s', (metric, mean, expected) => {
  const summary = {
    variance: undefined,
    mean,
    min: mean,
    max: mean,
    seeds: 1,
    interval: undefined,
    intervalOver: undefined,
  };
  expect(summaryText(summary, metric)).toBe(expected);
  expect(figureText({ value: mean }, metric)).toBe(expected);
});
