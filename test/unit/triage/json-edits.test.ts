import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyEdits,
  elementSpans,
  memberSpans,
  rootSpan,
  setMembers,
} from '../../../src/triage/json-edits.ts';

test('every value of any object and list is found where it stands', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 0, max: 3 }), (json, indent) => {
      const value: unknown = JSON.parse(json);
      const text = ` ${JSON.stringify(value, null, indent)}\n`;
      const root = rootSpan(text);
      expect(JSON.parse(text.slice(root.start, root.end))).toEqual(value);
      const parse = ({ start, end }: typeof root): unknown => JSON.parse(text.slice(start, end));
      if (Array.isArray(value)) expect(elementSpans(text, root).map(parse)).toEqual(value);
      else if (typeof value === 'object' && value !== null) {
        const members = [...memberSpans(text, root)].map(([name, span]) => [name, parse(span)] as const);
        expect(members).toEqual(Object.entries(JSON.parse(text) as object).sort(byTextOrder(text, members)));
      }
    }),
  );
});

/** JavaScript lists names that are numbers first, the text as it stands. */
function byTextOrder(_text: string, members: readonly (readonly [string, unknown])[]) {
  const place = new Map(members.map(([name], i) => [name, i]));
  return ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => place.get(a)! - place.get(b)!;
}

test.each([
  ['{}', '{"new": 2}'],
  ['{ }', '{"new": 2 }'],
  ['{"a":1.50}', '{"a":1.50, "new": 2}'],
  ['{\n  "a": 12345678901234567890\n}', '{\n  "a": 12345678901234567890,\n  "new": 2\n}'],
  ['{"new": [1, {"new": 3}], "b": "\\u0041"}', '{"new": 2, "b": "\\u0041"}'],
  ['{"n\\u0065w": 0}', '{"n\\u0065w": 2}'],
])('in %j a member is set and the rest stays', (before, after) => {
  expect(applyEdits(before, setMembers(before, rootSpan(before), [['new', '2']]))).toBe(after);
});

test('nesting without end takes no stack', () => {
  const text = `{"a": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const after = applyEdits(text, setMembers(text, rootSpan(text), [['b', '1']]));
  expect(after).toBe(`${text.slice(0, -1)}, "b": 1}`);
});
