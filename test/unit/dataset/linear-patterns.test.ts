/**
 * @file Every pattern that meets foreign text reads it once: on texts made to be read again and again, which would take
 * hours if the time grew with the square of the length, each comes to its end.
 */
import { describe, expect, test } from 'vitest';
import { changeKind } from '../../../src/dataset/changes/change-kind.ts';
import { contextOf } from '../../../src/dataset/changes/function-context.ts';
import { bodyKey } from '../../../src/dataset/duplicates/exact-duplicates.ts';
import { normalisedCode } from '../../../src/dataset/duplicates/normalised-code.ts';
import { shingleHashes } from '../../../src/dataset/duplicates/shingles.ts';
import {
  commitOf,
  cveOf,
  cweOf,
  dayOf,
  projectOf,
  splitOfPath,
  targetOf,
  textOf,
} from '../../../src/dataset/formats/published/cells.ts';
import { projectName } from '../../../src/dataset/project-name.ts';
import { codeTokens } from '../../../src/evaluation/baselines/code-tokens.ts';
import { typeAfterColon } from '../../../src/source/language-row.ts';
import { languageOfPath } from '../../../src/source/languages.ts';
import { extractFunctions } from '../../../src/source/parse-source.ts';
import { contentProblem, looksMinified } from '../../../src/source/source-filters.ts';

const CHARACTERS = 300_000;

/** A beginning, what is repeated, an end that does not fit. */
const SHAPES: readonly (readonly [start: string, again: string, end: string])[] = [
  ['"', '\\"', ''],
  ["'", "\\'", ''],
  ['"', '\\"', '\n'],
  ['', "'", '"'],
  ['', '"\'', ''],
  ['', '@Override("', ''],
  ['', '@Override("\\"', ''],
  ['', '@SuppressWarnings(a', ''],
  ['', '/*', ''],
  ['', '#ifdef __cplusplus ', ''],
  ['', '\n', 'x'],
  ['', ' ', 'x'],
  ['', '@aa\n', 'x'],
  ['', '@a.b c\n ', 'def'],
  ['', 'CWE-0', 'x'],
  ['', '0', 'x'],
  ['', 'a', ' '],
  ['', 'a.', '!'],
  ['', '.git', 'x'],
  ['', '/commit/', '\n'],
  ['', '?', '\n'],
  ['', '/repos/asf?p=x', '\n'],
  ['', '-bug-1', 'x'],
  ['', '1.1.1-', '!'],
  ['https://', 'a/', ' '],
];

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  looksMinified,
  contentProblem,
  contextOf: (text) => {
    const [own] = extractFunctions('function f() { return g(); }', 'javascript');
    const hostile = { ...own!, code: text, start: 0, end: text.length, bodyStart: 0 };
    const parsed = { functions: [hostile], comments: [] };
    const options = { kind: 'callees', maxTokens: 9 } as const;
    return contextOf({ source: text, language: 'javascript', parsed }, hostile, options);
  },
  changeKind: (text) => changeKind({ text, name: 'f' }, { text: `${text}y`, name: 'g' }),
  normalisedCode: (text) => normalisedCode(text),
  bodyKey,
  shingleHashes,
  'languageOfPath of a header': (text) => languageOfPath('a.h', text),
  typeAfterColon,
  projectName,
  codeTokens: (text) => codeTokens(text),
  cweOf,
  cveOf,
  dayOf,
  projectOf,
  commitOf,
  splitOfPath,
  targetOf,
  textOf,
};

describe.each(Object.keys(READERS))('%s', (name) => {
  test('reads hostile texts to their end', () => {
    for (const [start, again, end] of SHAPES) {
      const text = start + again.repeat(CHARACTERS / again.length) + end;
      expect(() => READERS[name]!(text)).not.toThrow();
    }
  });
});

describe('what the patterns say is as before', () => {
  const minified = `var a="${'x'.repeat(200)}";${'function(b){return b+1}'.repeat(40)}`;

  test('text outside strings tells minified code, whatever the strings hold', () => {
    expect(looksMinified(minified)).toBe(true);
    expect(looksMinified(`${minified}'`)).toBe(true);
    expect(looksMinified(`const table = ["${'some words of a table '.repeat(60)}"];`)).toBe(false);
  });

  const kind = (before: string, after: string) =>
    changeKind({ text: before, name: 'f' }, { text: after, name: 'g' });

  test('remarks with arguments are remarks, those with brackets in them are not', () => {
    expect(kind('void f(){}', '@Override void f(){}')).toBe('remark');
    expect(kind('void f(){}', '@SuppressWarnings("a)b") void f(){}')).toBe('remark');
    expect(kind('void f(){}', '@SuppressWarnings({"a", "b"})\nvoid f(){}')).toBe('remark');
    expect(kind("char c='\"';void f(){}", "char c='\"';@Override void f(){}")).toBe('remark');
    expect(kind('void f(){}', '@PreAuthorize("x") void f(){}')).toBe('edited');
    expect(kind('f("@Override");', 'f("");')).toBe('edited');
  });

  test('names, versions and quotes without an end', () => {
    expect(kind("f(a, 'x')", "g(a, 'x')")).toBe('renamed');
    expect(kind('f("1.2.3")', 'f("1.2.4")')).toBe('version bump');
    expect(kind("f(&'a str, b)", "g(&'a str, b)")).toBe('renamed');
    expect(kind("f(&'a str, b)", "f(&'a str, c)")).toBe('edited');
  });
});
