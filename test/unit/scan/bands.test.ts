/** @file The bands of a score: vulnerable, uncertain, safe. */
import { describe, expect, test } from 'vitest';
import { bandOf } from '../../../src/scan/bands.ts';

describe('uncertain', () => {
  test.each([
    [0.6, 'vulnerable'],
    [0.5, 'uncertain'],
    [0.42, 'safe'],
  ])('%d under a threshold of 0.6: %s, by half the odds', (score, band) => {
    expect(bandOf(score, { threshold: 0.6 })).toBe(band);
  });

  test('reaches no further down than what it is told, and never above the threshold', () => {
    expect(bandOf(0.5, { threshold: 0.6, uncertainFrom: 0.55 })).toBe('safe');
    expect(bandOf(0.55, { threshold: 0.6, uncertainFrom: 0.55 })).toBe('uncertain');
    expect(bandOf(0.42, { threshold: 0.6, uncertainFrom: 0.1 })).toBe('safe');
    expect(bandOf(0.6, { threshold: 0.6, uncertainFrom: 0.6 })).toBe('vulnerable');
  });

  test('a threshold above all scores flags none', () => {
    expect(bandOf(1, { threshold: 1 + Number.EPSILON, uncertainFrom: 1 + Number.EPSILON })).toBe('safe');
    expect(bandOf(0.9, { threshold: 1 + Number.EPSILON, uncertainFrom: 0.5 })).toBe('safe');
  });
});
