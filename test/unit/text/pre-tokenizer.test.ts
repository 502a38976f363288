import { describe, expect, test } from 'vitest';
import type { Component } from '../../../src/text/component.ts';
import { preTokenizer } from '../../../src/text/pre-tokenizer.ts';

const pieces = (component: Component, text: string, first = true) =>
  preTokenizer(component, 'tokenizer.json').split(text, first);

// What version 0.23 of the original library gives.
describe('split', () => {
  test.each<[string, boolean, string[]]>([
    ['Removed', false, ['the', 'final', 'countdown']],
    ['Removed', true, ['-', '-', '-', '-']],
    ['Isolated', false, ['the', '-', 'final', '-', '-', 'countdown', '-']],
    ['Isolated', true, ['the', '-', 'final', '-', '-', 'countdown', '-']],
    ['MergedWithPrevious', false, ['the-', 'final-', '-', 'countdown-']],
    ['MergedWithPrevious', true, ['the', '-final', '-', '-countdown', '-']],
    ['MergedWithNext', false, ['the', '-final', '-', '-countdown', '-']],
    ['MergedWithNext', true, ['the-', 'final-', '-', 'countdown-']],
    ['Contiguous', false, ['the', '-', 'final', '--', 'countdown', '-']],
    ['Contiguous', true, ['the', '-', 'final', '--', 'countdown', '-']],
  ])('%s, inverted: %s', (behavior, invert, expected) => {
    const component = { type: 'Split', pattern: { Regex: '-' }, behavior, invert };
    expect(pieces(component, 'the-final--countdown-')).toEqual(expected);
  });

  test('a literal pattern is no regular expression', () => {
    const component = { type: 'Split', pattern: { String: '.' }, behavior: 'Removed' };
    expect(pieces(component, 'a.b.🚀')).toEqual(['a', 'b', '🚀']);
  });

  test('a pattern that matches nothing ends', () => {
    const component = { type: 'Split', pattern: { Regex: 'x*' }, behavior: 'Isolated' };
    expect(pieces(component, 'a🚀xxb')).toEqual(['a', '🚀', 'xx', 'b']);
  });
});

describe('other kinds', () => {
  test.each<[Component, string, string[]]>([
    [{ type: 'Digits', individual_digits: true }, 'a12²b', ['a', '1', '2', '²', 'b']],
    [{ type: 'Digits', individual_digits: false }, 'a12²b', ['a', '12²', 'b']],
    [{ type: 'Punctuation' }, 'a..b!', ['a', '.', '.', 'b', '!']],
    [{ type: 'Punctuation', behavior: 'Contiguous' }, 'a.$b', ['a', '.$', 'b']],
    [{ type: 'Whitespace' }, 'é_1 +=\n(x)', ['é_1', '+=', '(', 'x', ')']],
    [{ type: 'WhitespaceSplit' }, ' a\u0085b\ufeff c', ['a', 'b\ufeff', 'c']],
    [{ type: 'BertPreTokenizer' }, 'a_b  c;', ['a', '_', 'b', 'c', ';']],
    [{ type: 'Metaspace', prepend_scheme: 'always' }, ' a  b c', ['▁a', '▁', '▁b', '▁c']],
    [{ type: 'Metaspace', prepend_scheme: 'always', split: false }, 'a  b c', ['▁a▁▁b▁c']],
    [{ type: 'Metaspace', add_prefix_space: false, split: false }, 'a b', ['a▁b']],
    [{ type: 'ByteLevel', add_prefix_space: true, use_regex: false }, 'a b', [' a b']],
  ])('%j', (component, text, expected) => {
    expect(pieces(component, text)).toEqual(expected);
  });

  test('the first blank is for what begins the text', () => {
    const component = { type: 'Metaspace', prepend_scheme: 'first', split: false };
    expect(pieces(component, 'a', true)).toEqual(['▁a']);
    expect(pieces(component, 'a', false)).toEqual(['a']);
  });

  test('a sequence goes on with the pieces', () => {
    const digits = { type: 'Digits', individual_digits: true };
    const bytes = { type: 'ByteLevel', use_regex: true };
    const sequence = { type: 'Sequence', pretokenizers: [digits, bytes] };
    // The blanks before a digit stay together: only then are the pieces cut as GPT-2 does.
    expect(pieces(sequence, 'x  10')).toEqual(['x', '  ', '1', '0']);
    expect(pieces(bytes, 'x  10')).toEqual(['x', ' ', ' 10']);
    expect(preTokenizer(sequence, 'f').byteLevel).toBe(true);
    expect(preTokenizer(digits, 'f').byteLevel).toBe(false);
  });
});
