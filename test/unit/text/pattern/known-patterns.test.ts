import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../../src/text/pattern/compile.ts';
import { KNOWN_PATTERNS } from '../../../../src/text/pattern/known-patterns.ts';
import { Matcher } from '../../../../src/text/pattern/matcher.ts';
import { knownPattern } from '../../../../src/text/pattern/pattern.ts';

const TEXT = "It's 12345 x  +=\n\t\r\n y.z DON'T 'ſ fooBarÉ日本 ﬁ ²½ e\u0301 (a|b)!!\u0085\u00a0 🚀🔥\n\n   ";

describe('a known pattern', () => {
  test.each([...KNOWN_PATTERNS])('%s has the same matches on both engines', (regex) => {
    const matcher = new Matcher(compilePattern(regex));
    matcher.reset(TEXT);
    const found: number[] = [];
    for (let from = 0; ; ) {
      const match = matcher.next(from);
      if (match === undefined) break;
      found.push(...match);
      from = match[1];
    }
    expect(knownPattern(regex)(TEXT)).toEqual(found);
  });

  // Sixteen times the text takes about sixteen times as long; an engine that goes back would take thousands of times.
  test.each([...KNOWN_PATTERNS])('%s takes time that grows as the text does', (regex) => {
    const pattern = knownPattern(regex);
    const leastMs = (text: string) => {
      const times = Array.from({ length: 2 }, () => {
        const start = performance.now();
        pattern(text);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    const units = [
      'a',
      'A',
      ' ',
      '\n',
      '\r\n ',
      '1',
      '!',
      "'",
      'ʰ',
      '日',
      'é',
      ' \n',
      'aA',
      "'s",
      '(',
      '\u0301',
    ];
    for (const unit of units) {
      const text = (length: number) => `${unit.repeat(length / unit.length)}\u{1F680}`;
      const growth = leastMs(text(2 ** 16)) / Math.max(2, leastMs(text(2 ** 12)));
      expect(growth, JSON.stringify(unit)).toBeLessThan(150);
    }
  });
});
