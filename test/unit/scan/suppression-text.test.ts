import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDay, isPast } from '../../../src/scan/expiry.ts';
import { parseSuppression } from '../../../src/scan/suppression-text.ts';

describe('what follows vultune-ignore:', () => {
  test.each<[string, ReturnType<typeof parseSuppression>]>([
    ['the input is ours', { reason: 'the input is ours' }],
    ['ours [by Ann Lee] [until 2027-01-31]', { reason: 'ours', author: 'Ann Lee', until: '2027-01-31' }],
    ['ours by Ann Lee until 2027-01-31', { reason: 'ours', author: 'Ann Lee', until: '2027-01-31' }],
    ['ours until 2027-01-31 by @ann', { reason: 'ours', author: '@ann', until: '2027-01-31' }],
    ['ours by ann@example.org', { reason: 'ours', author: 'ann@example.org' }],
    ['checked by hand', { reason: 'checked by hand' }],
    ['checked [by hand]', { reason: 'checked', author: 'hand' }],
    ['reviewed 2026-01-31', { reason: 'reviewed 2026-01-31' }],
    ['ours until 2027-02-30', 'date-wrong'],
    ['ours until 31.01.2027', 'date-wrong'],
    ['ours [until next year]', 'date-wrong'],
    ['not reachable until the parser is done', 'date-wrong'],
    ['ours until', 'date-wrong'],
    ['ours until 2027-01-31 or so', 'date-wrong'],
    ['ours until 2027-01-31T00:00:00Z', 'date-wrong'],
    ['until 2027-01-31', 'reason-missing'],
    ['[by Ann] [until 2027-01-31]', 'reason-missing'],
    ['', 'reason-missing'],
  ])('%j', (text, expected) => {
    expect(parseSuppression(text)).toEqual(expected);
  });

  test('no text with `until` in it holds for ever', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const said = parseSuppression(`${before} until ${after}`);
        expect(typeof said === 'string' || said.until !== undefined).toBe(true);
      }),
    );
  });

  test('long lines take no time that grows with their square', () => {
    for (const text of ['until ', '[by ', 'by A', ' ', 'A ', 'by @a']) {
      expect(parseSuppression(`x ${text.repeat(20_000)}`)).toBeDefined();
    }
  });
});

test('a day holds until its end, in UTC', () => {
  expect(isPast('2027-01-31', new Date('2027-01-31T23:59:59Z'))).toBe(false);
  expect(isPast('2027-01-31', new Date('2027-02-01T00:00:00Z'))).toBe(true);
  expect(['2027-01-31', '2027-1-31', ' 2027-01-31', '2027-02-29', '2028-02-29'].map(isDay)).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
});
