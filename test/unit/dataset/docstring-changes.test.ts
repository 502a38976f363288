/** @file A change of a docstring alone is not counted; a change of what the function does is. Also: which folders are not part of what is shipped. */
import { expect, test } from 'vitest';
import { analyseFileChange } from '../../../src/dataset/changes/analyse-file-change.ts';
import { withoutDocstrings } from '../../../src/dataset/changes/without-docstrings.ts';

const source = (docstring: string, body = 'return open(path).read()') =>
  `class Store:\n    def load(self, path):\n        ${docstring}\n        ${body}\n`;

const analyse = (before: string, after: string) =>
  analyseFileChange({ path: 'store.py', pathBefore: 'store.py', language: 'python', before, after });

test('a docstring that is reworded, added or taken away is no change', () => {
  for (const after of [source('"""Reads a file."""'), source("'''Another\n        one.'''"), source('')]) {
    const { changed, unchanged, leftOut } = analyse(source('"""Reads."""'), after);
    expect(changed).toEqual([]);
    expect(unchanged).toHaveLength(1);
    expect(leftOut).toEqual({ 'only a docstring changed (counts as unchanged)': 1 });
  }
});

test('a change beside it is one', () => {
  const { changed } = analyse(
    source('"""Reads."""'),
    source('"""Reads safely."""', 'return read(check(path))'),
  );
  expect(changed).toHaveLength(1);
});

test('strings that are values stay, and so does every other language', () => {
  const value = 'def f():\n    x = """query"""\n    return x\n';
  expect(withoutDocstrings(value, 'python')).toBe(value);
  expect(withoutDocstrings('def f():\n    "doc"\n    return 1\n', 'ruby')).toContain('doc');
  expect(withoutDocstrings('def f(a):\n    r"""doc"""\n    return 1\n', 'python')).not.toContain('doc');
});
