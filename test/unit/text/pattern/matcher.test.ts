import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern, UnsupportedPattern } from '../../../../src/text/pattern/compile.ts';
import { Matcher } from '../../../../src/text/pattern/matcher.ts';
import { openPattern } from '../../../../src/text/pattern/pattern.ts';

const place = { file: 'tokenizer.json', name: 'pre_tokenizer' };
const matches = (regex: string, text: string): string[] => {
  const found = openPattern({ Regex: regex }, place)(text);
  return Array.from({ length: found.length / 2 }, (_, i) => text.slice(found[2 * i], found[2 * i + 1]));
};

describe('matches are those of Oniguruma', () => {
  test.each<[string, string, string[]]>([
    // What version 0.23 of the original library gives.
    ['a+?b|a', 'aab a', ['aab', 'a']],
    ['a++b|a++', 'aab aa', ['aab', 'aa']],
    ['a++a', 'aaa', []],
    ['(?>a+)b', 'aab', ['aab']],
    ['a{,2}b', 'aaab', ['aab']],
    ['a{2}+', 'aaaaa', ['aaaa']],
    [String.raw`(?<=\s)\w`, 'ab cd 🚀e', ['c']],
    [String.raw`(?<!\w)\d+`, 'a1 22 3b', ['22', '3']],
    [String.raw`\s+(?!\S)`, 'a   b  ', ['  ', '  ']],
    [String.raw`\h+`, 'fgA9', ['f', 'A9']],
    ['[[:upper:]]+', 'ABcÉ', ['AB', 'É']],
    ['[a-z&&[^aeiou]]+', 'hello', ['h', 'll']],
    ['(?i:it)', "It IT iT it's", ['It', 'IT', 'iT', 'it']],
    ['(?i:s)', 'sSſ', ['s', 'S', 'ſ']],
    ['^b|a$', 'a\nb\na', ['a', 'b', 'a']],
    [String.raw`\Aa|b\z`, 'aab', ['a', 'b']],
    [String.raw`\b\w`, 'ab é_ 1', ['a', 'é', '1']],
    ['.', 'a\n🚀', ['a', '🚀']],
    ['x*', 'a🚀xxb', ['', '', 'xx', '']],
    ['(?<name>a|b)c', 'acbc', ['ac', 'bc']],
    [String.raw`\p{Han}+`, 'a日本b', ['日本']],
    [String.raw`[^\s\p{L}]+`, 'a12 !b', ['12', '!']],
  ])('%s in %j', (regex, text, expected) => {
    expect(matches(regex, text)).toEqual(expected);
  });

  const pattern = fc.letrec<{ whole: string; part: string }>((tie) => ({
    part: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom('a', 'b', 'c', '[ab]', '[^a]', '(?=a)', '(?!b)', String.raw`\b`, '(?<=a)', '(?<![bc])'),
      fc
        .tuple(
          fc.constantFrom('a', 'b', '[bc]', '(?:ab|a)', '(?:a|bc|b)'),
          fc.constantFrom('*', '+', '?', '{1,2}', '{2,}'),
          fc.constantFrom('', '?'),
        )
        .map((parts) => parts.join('')),
      tie('whole').map((whole) => `(?:${whole})`),
    ),
    whole: fc.oneof(
      fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
      fc.tuple(tie('part'), tie('part')).map(([a, b]) => `${a}|${b}`),
    ),
  })).whole;

  test('any pattern of the two languages has the same matches in both', () => {
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[abc ]{0,16}$/), (source, text) => {
        const matcher = new Matcher(compilePattern(source));
        matcher.reset(text);
        const native = new RegExp(source, 'gu');
        for (let from = 0; from <= text.length; from++) {
          native.lastIndex = from;
          const found = native.exec(text);
          const expected = found === null ? undefined : [found.index, found.index + found[0].length];
          expect(matcher.next(from), `from ${from}`).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('work grows as the text does', () => {
  const cases: [string, string][] = [
    ['(a+)+$', 'a'],
    ['(a|aa)+$', 'a'],
    [String.raw`(\w+\s?)*!`, 'a'],
    [String.raw`\s*\s*\s*\s*x`, ' '],
    ['a*b', 'a'],
    ['(?>a*)b', 'a'],
    ['a*+b', 'a'],
    ['(?=a*b)a|(?!a*c)(?!a*d)a+b', 'a'],
    ['(?<=a)(?=(a|aa)+b)a', 'a'],
    ['(a|b|ab)+?(c|d)', 'ab'],
    ['.*.*y', 'z'],
    ['([a-z]+[0-9]*)+@', 'a'],
    ['a.*b|a', 'a'],
  ];
  test.each(cases)('%s', (regex, unit) => {
    const steps = (length: number) => {
      const matcher = new Matcher(compilePattern(regex));
      const text = `${unit.repeat(length)}é`;
      matcher.reset(text);
      for (let from = 0; from <= text.length; ) {
        const match = matcher.next(from);
        if (match === undefined) break;
        from = Math.max(match[1], match[0] + 1);
      }
      return matcher.stepsDone;
    };
    expect(steps(8000) / steps(2000)).toBeLessThan(4.5);
  });
});

describe('refused, with a reason', () => {
  test.each([
    [String.raw`(a)\1`, 'Backreference'],
    ['(a*)*', 'may be empty'],
    ['(?<r>a\\g<r>?b)', 'Subroutine'],
    ['a{1,5000}', 'steps'],
    ['(?<=a|bb)c', 'lookbehind'],
    [String.raw`\X`, 'text_segment'],
    [String.raw`\p{Klingon}`, 'Klingon'],
    ['(?i:[^\\p{Lu}])', 'without regard to case'],
    ['(?i:ß|ss)', 'without regard to case'],
    ['(a', 'nclosed'],
    ['(?x: a )', 'extended'],
    [`${'('.repeat(5000)}a${')'.repeat(5000)}`, ''],
  ])('%s', (regex, reason) => {
    expect(() => openPattern({ Regex: regex }, place)).toThrow(
      expect.objectContaining({ code: 'TOKENIZER_UNSUPPORTED', message: expect.stringContaining(reason) }),
    );
    expect(() => compilePattern(regex)).toThrow(UnsupportedPattern);
  });
});
