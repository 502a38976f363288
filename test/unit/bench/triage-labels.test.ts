/**
 * @file What the benchmarks of triage and of real trees make of findings: labels by the function that one stands in, the worth of an
 * order, the findings that somebody is to read.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Result {
  readonly properties?: Readonly<Record<string, unknown>>;
}
interface Labels {
  LABEL: string;
  labelFindings: (
    log: object,
    known: ReadonlyMap<string, readonly object[]>,
  ) => { runs: { results: Result[] }[] };
  orderAuc: (inOrder: readonly boolean[], weights?: readonly number[]) => number;
}
interface Reading {
  findingsToRead: (measurements: readonly object[], most: number) => string;
}
interface Spec {
  parseSpec: (spec: string) => Readonly<Record<string, string>> | undefined;
}

const bench = resolve(import.meta.dirname, '..', '..', '..', 'bench');
const load = async <T>(file: string): Promise<T> =>
  (await import(/* @vite-ignore */ pathToFileURL(join(bench, file)).href)) as T;
const { LABEL, labelFindings, orderAuc } = await load<Labels>('triage/labels.mjs');
const { findingsToRead } = await load<Reading>('repositories/findings-to-read.mjs');
const { parseSpec } = await load<Spec>('repositories/release-spec.mjs');

const at = (uri: string, startLine: number) => ({
  properties: { kept: 1 },
  locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine } } }],
});

test('a finding is real where it stands in a vulnerable function of that very release', () => {
  const known = new Map([['left-1.0.0', [{ path: 'lib/a b.js', start_line: 3, end_line: 5 }]]]);
  const results = [
    at('left-1.0.0/lib/a%20b.js', 3),
    at('left-1.0.0/lib/a%20b.js', 5),
    at('left-1.0.0/lib/a%20b.js', 6),
    at('left-1.0.0/a b.js', 4),
    at('left-1.0.1/lib/a%20b.js', 4),
    { locations: [] },
  ];
  const [run] = labelFindings({ runs: [{ results }] }, known).runs;
  expect(run!.results.map(({ properties }) => properties![LABEL])).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(run!.results[0]!.properties).toMatchObject({ kept: 1 });
});

describe('the worth of an order', () => {
  test('is the share of pairs in which the real finding stands first', () => {
    expect(orderAuc([true, true, false])).toBe(1);
    expect(orderAuc([false, true])).toBe(0);
    expect(orderAuc([true, false, true, false])).toBe(0.75);
    expect(orderAuc([true])).toBeNaN();
  });

  test('with weights is that of findings repeated so often', () => {
    const repeated = orderAuc([true, true, false, true, false, false]);
    expect(orderAuc([true, false, true, false], [2, 1, 1, 2])).toBe(repeated);
    expect(orderAuc([true, false], [0, 1])).toBeNaN();
  });
});

describe('findings to read', () => {
  const finding = (name: string, code: string) => ({
    file: 'a.js',
    startLine: 7,
    name,
    score: 0.5,
    band: 'vulnerable',
    truncated: false,
    code,
  });
  const measured = (name: string, findings: readonly object[]) => ({
    name,
    figures: { findings, threshold: 0.4, functions: 9 },
  });

  test('the first of each tree, once, whatever the rounds', () => {
    const once = measured('left 1.0.0', [finding('f', 'f()'), finding('g', 'g()'), finding('h', 'h()')]);
    const text = findingsToRead([once, { name: 'broken', error: 'no' }, once], 2);
    expect(text.match(/^### .*/gm)).toEqual(['### a.js:7 `f`', '### a.js:7 `g`']);
    expect(text).not.toContain('broken');
  });

  test('code that has a fence of its own does not end its block, and a long one is cut', () => {
    const code = `\`\`\`\n${'x\n'.repeat(100)}`;
    const text = findingsToRead([measured('left 1.0.0', [finding('f', code)])], 1);
    expect(text.match(/^````$/gm)).toHaveLength(2);
    expect(text).toContain('... 42 lines more');
  });
});

test.each([
  ['maven:org.jsoup:jsoup@1.17.2', { ecosystem: 'maven', name: 'org.jsoup:jsoup', version: '1.17.2' }],
  ['npm:@scope/name@1.0.0', { ecosystem: 'npm', name: '@scope/name', version: '1.0.0' }],
  ['gem:rails@1', undefined],
  ['npm:left', undefined],
])('%s as a release', (spec, release) => {
  const parsed = parseSpec(spec);
  expect(parsed === undefined ? undefined : { ...parsed }).toEqual(release);
});
