import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatPercent,
  formatSignificant,
} from '../../../src/base/numbers.ts';

test.each<[number, string]>([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_600, '1m 00s'],
  [192_000, '3m 12s'],
  [3_599_600, '1h 00m'],
  [7_500_000, '2h 05m'],
  [86_400_000 * 4 + 3_600_000 * 3, '4d 03h'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

test.each<[number, string]>([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [999_499, '999 kB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12 MB'],
  [1_720_000_000, '1.7 GB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each<[number, string]>([
  [0, '0%'],
  [0.001, '<1%'],
  [0.42, '42%'],
  [0.999, '99%'],
  [1, '100%'],
])('the share %d is %s', (share, text) => expect(formatPercent(share)).toBe(text));

test.each<[number, string]>([
  [0, '0'],
  [0.01234, '0.012'],
  [1.94, '1.9'],
  [240.4, '240'],
])('%d in two digits is %s', (value, text) => expect(formatSignificant(value)).toBe(text));

test('counts and metrics', () => {
  expect(formatCount(12345.4)).toBe('12,345');
  expect(formatMetric(0.61249)).toBe('0.612');
  expect(formatMetric(null)).toBe('-');
});
