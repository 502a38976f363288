import { expect, test } from 'vitest';
import { outlineSource } from '../../../src/scan/outline-source.ts';
import { fileFunctions, regionFunctions } from '../../../src/triage/region-functions.ts';
import type { ColumnKind, SarifRegion } from '../../../src/triage/triaged.ts';

const SOURCE = [
  'const key = 1;', // 1
  '', // 2
  'export function outer(a) {', // 3
  '  const inner = (b) => eval(b);', // 4
  '  return inner(a);', // 5
  '}', // 6
  'const one = () => 1, two = () => 2;', // 7
  "const shown = '\u{1f600}'; function tail() { return 3; }", // 8
].join('\n');

const file = fileFunctions(SOURCE, outlineSource({ source: SOURCE, language: 'javascript' }));

function found(region: SarifRegion | undefined, kind: ColumnKind = 'utf16CodeUnits'): string {
  const at = regionFunctions(region, file, kind);
  if ('unscored' in at) return at.unscored.reason;
  return `${at.line}: ${at.functions.map(({ name }) => name).join(', ')}`;
}

test.each<[what: string, region: SarifRegion | undefined, expected: string]>([
  ['a line in a function', { startLine: 5 }, '5: outer'],
  ['a line that holds an inner function and more', { startLine: 4 }, '4: outer'],
  ['a column in the inner function', { startLine: 4, startColumn: 24 }, '4: outer.inner'],
  ['the line that a function begins on, behind `export`', { startLine: 3 }, '3: outer'],
  ['the column of `export`, before the function', { startLine: 3, startColumn: 1, endLine: 6 }, '3: outer'],
  ['a line of two functions: both, for either may be meant', { startLine: 7 }, '7: one, two'],
  ['a column of the second', { startLine: 7, startColumn: 30 }, '7: two'],
  ['code outside functions', { startLine: 1, startColumn: 3 }, 'outside functions'],
  ['an empty line', { startLine: 2 }, 'outside functions'],
  ['from code outside into several functions', { startLine: 1, endLine: 7 }, 'several functions'],
  ['characters', { charOffset: SOURCE.indexOf('return inner'), charLength: 6 }, '5: outer'],
  ['characters past the end', { charOffset: 100_000 }, 'line missing'],
  ['a line past the end', { startLine: 99 }, 'line missing'],
  ['line 0, which does not exist', { startLine: 0 }, 'no line'],
  ['a line that is not whole', { startLine: 1.5 }, 'no line'],
  ['bytes alone', {}, 'no line'],
  ['no region', undefined, 'no line'],
])('%s', (_what, region, expected) => {
  expect(found(region)).toBe(expected);
});

test('columns are counted as the scanner counts them', () => {
  const column = SOURCE.split('\n')[7]!.indexOf('function') + 1;
  expect(found({ startLine: 8, startColumn: column })).toBe('8: tail');
  expect(found({ startLine: 8, startColumn: column - 1 }, 'unicodeCodePoints')).toBe('8: tail');
  expect(found({ startLine: 8, startColumn: column - 1, endColumn: column })).toBe('outside functions');
});

test('a file that was refused, and a function that could not be read, say so', () => {
  const refused = fileFunctions(SOURCE, { functions: [], problems: [], refused: 'too deep' });
  const at = (given: typeof refused) => regionFunctions({ startLine: 4 }, given, 'utf16CodeUnits');
  expect(at(refused)).toEqual({ unscored: { reason: 'not parsed', detail: 'too deep' }, line: 4 });
  const unread = fileFunctions(SOURCE, {
    functions: [],
    problems: [],
    unread: [{ startLine: 3, endLine: 6 }],
  });
  expect(at(unread)).toEqual({ unscored: { reason: 'unread function' }, line: 4 });
});
