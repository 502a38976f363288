import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseIgnorePattern, pathParts } from '../../../src/scan/walk/ignore-pattern.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-ignore-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A path is ignored with the folders above it. */
function isIgnored(line: string, path: string, ignoreCase: boolean): boolean {
  const pattern = parseIgnorePattern(line, ignoreCase);
  if (pattern === undefined || pattern.isNegated) return false;
  const parts = pathParts(path, ignoreCase);
  return parts.some((_, i) => pattern.matches(parts.slice(0, i + 1), i + 1 < parts.length));
}

/** What git says, of each line alone: a folder for each, all asked in one call. */
function gitIgnores(cases: readonly (readonly [string, string])[], ignoreCase: boolean): boolean[] {
  const root = mkdtempSync(join(folder, 'r'));
  execFileSync('git', ['init', '-q', root]);
  execFileSync('git', ['-C', root, 'config', 'core.ignoreCase', String(ignoreCase)]);
  const paths = cases.map(([line, path], i) => {
    const file = join(root, String(i), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    writeFileSync(join(root, String(i), '.gitignore'), `${line}\n`);
    return `${i}/${path}`;
  });
  let said = '';
  try {
    said = execFileSync('git', ['-C', root, 'check-ignore', '--no-index', '-z', '--stdin'], {
      input: paths.map((path) => `${path}\0`).join(''),
      encoding: 'utf8',
    });
  } catch {
    // Exit code 1: none is ignored.
  }
  const ignored = new Set(said.split('\0'));
  return paths.map((path) => ignored.has(path));
}

const PATHS = [
  'a',
  'ab.js',
  'a/b',
  'a/b/c.js',
  'A/b.JS',
  'é/b',
  'a-/]b',
  'a b /c',
  '#x/a',
  '!x',
  'b/a/a/c',
  '[a]',
];

describe('a pattern', () => {
  test.each([false, true])('means what it means to git (core.ignoreCase %s)', (ignoreCase) => {
    const sets = '[ab] [!a] [^b-] [a-c] []a] [[:alpha:]] [[:upper:]] [[:nope:]] [a [A-B]'.split(' ');
    const others = [
      'a',
      'b',
      'c',
      'A',
      '.js',
      'é',
      '/',
      '/',
      '*',
      '**',
      '**/',
      '/**',
      '?',
      '\\',
      '\\*',
      ' ',
      '\\ ',
      '#',
      '!',
    ];
    const piece = fc.constantFrom(...sets, ...others);
    const line = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
    const samples = fc.sample(fc.tuple(line, fc.constantFrom(...PATHS)), { numRuns: 250, seed: 9 });
    const cases = samples.filter(([text]) => !text.startsWith('!'));
    const git = gitIgnores(cases, ignoreCase);
    const ours = cases.map(([text, path]) => isIgnored(text, path, ignoreCase));
    const different = cases.map((one, i) => [...one, git[i]]).filter(([, , said], i) => said !== ours[i]);
    expect(different).toEqual([]);
    expect(git.filter(Boolean).length).toBeGreaterThan(15);
  });

  test('that says nothing is passed over; a negation is told', () => {
    for (const line of ['', '   ', '# a', '\r']) expect(parseIgnorePattern(line, false)).toBeUndefined();
    expect(parseIgnorePattern('!a', false)?.isNegated).toBe(true);
  });

  test.each([
    ['stars in a name', `${'*a'.repeat(40)}*b`, 'a'.repeat(250)],
    ['stars and sets', `${'*[a]'.repeat(40)}[b]`, 'a'.repeat(250)],
    ['folders of any depth', `${'**/a/'.repeat(40)}**/b/**/c`, `${'a/'.repeat(1000)}d`],
  ])('of somebody who means ill ends: %s', (_, line, path) => {
    expect(isIgnored(line, path, false)).toBe(false);
  });
});
