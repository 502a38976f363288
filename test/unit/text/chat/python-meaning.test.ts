/** @file What our reading of templates adds to the library's, where fixtures of Transformers cannot say it: dates, and what is refused. */
import { Template } from '@huggingface/jinja';
import { expect, test } from 'vitest';
import { pythonFunctions, withPythonMeaning } from '../../../../src/text/chat/python-meaning.ts';

const render = (source: string, given: Record<string, unknown> = {}) =>
  withPythonMeaning(new Template(source)).render({
    ...pythonFunctions(() => new Date(2026, 2, 5, 13, 7, 9)),
    ...given,
  });

test('names of months and days are English, in any language of the machine', () => {
  expect(render("{{ strftime_now('%d %b %Y, %A %-d. %B, %I:%M %p, %a %y %H %S 100%% %Q') }}")).toBe(
    '05 Mar 2026, Thursday 5. March, 01:07 PM, Thu 26 13 09 100% %Q',
  );
});

test.each([
  ['a text that is not defined is trimmed to nothing', '[{{ nothing | trim }}]', '[]'],
  [
    'within macros, conditions and loops',
    "{% macro m(t) %}{{ t.strip('-') }}{% endmacro %}{% for t in ['-a-'] if t.strip('-') == 'a' %}{{ m(t) }}{% endfor %}",
    'a',
  ],
  ['a chain', "{{ ' --a-- '.strip().lstrip('-') | trim }}", 'a--'],
  ['a key named strip', "{{ {'strip': 'kept'}['strip'] }}", 'kept'],
])('%s', (_, source, expected) => {
  expect(render(source)).toBe(expected);
});

test.each([
  ['a number that is stripped', '{{ (3).strip() }}', /for text, found number/],
  ['numbers as characters', "{{ 'a'.strip(3) }}", /take a text of characters/],
])('%s is refused', (_, source, message) => {
  expect(() => render(source)).toThrow(message);
});
