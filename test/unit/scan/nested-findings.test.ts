import { describe, expect, test } from 'vitest';
import type { Band, Finding } from '../../../src/scan/finding.ts';
import { foldNested, type Nested } from '../../../src/scan/nested-findings.ts';
import { finding } from '../../support/scan-report.ts';

const at = (
  name: string,
  startLine: number,
  endLine: number,
  band: Band = 'vulnerable',
  file = 'a.js',
): Finding => finding({ name, startLine, endLine, band, file, startColumn: 1, endColumn: 2 });

const kept = (findings: readonly Finding[], nested: Nested) =>
  foldNested(findings, nested).map(({ name }) => name);

describe('findings inside one another', () => {
  const callback = [at('outer', 1, 9), at('inner', 3, 4)];

  test('the innermost explains the one around it where it is in its band or above', () => {
    expect(kept(callback, 'inner')).toEqual(['inner']);
    expect(kept([at('outer', 1, 9, 'uncertain'), at('inner', 3, 4)], 'inner')).toEqual(['inner']);
    expect(kept([at('outer', 1, 9), at('inner', 3, 4, 'uncertain')], 'inner')).toEqual(['outer']);
  });

  test('outer and both', () => {
    expect(kept(callback, 'outer')).toEqual(['outer']);
    expect(kept(callback, 'both')).toEqual(['outer', 'inner']);
  });

  test('two callbacks are two findings; the order stays', () => {
    const two = [at('second', 6, 7, 'uncertain'), at('outer', 1, 9), at('first', 3, 4)];
    expect(kept(two, 'inner')).toEqual(['second', 'first']);
  });

  test('three deep: the middle one stays where only it explains the outer one', () => {
    const three = [at('outer', 1, 9), at('middle', 2, 8), at('inner', 3, 4, 'uncertain')];
    expect(kept(three, 'inner')).toEqual(['middle']);
    expect(kept(three, 'outer')).toEqual(['outer']);
  });

  test('neighbours and other files are no nests', () => {
    const apart = [at('a', 1, 3), at('b', 3, 5), at('c', 2, 3, 'vulnerable', 'b.js')];
    expect(kept(apart, 'inner')).toEqual(['a', 'b', 'c']);
    expect(kept(apart, 'outer')).toEqual(['a', 'b', 'c']);
  });

  test('on one line columns tell', () => {
    const place = { startLine: 1, endLine: 1 };
    const outer = finding({ name: 'outer', ...place, startColumn: 1, endColumn: 40 });
    const inner = finding({ name: 'inner', ...place, startColumn: 10, endColumn: 20 });
    const later = finding({ name: 'later', ...place, startColumn: 41, endColumn: 50 });
    expect(kept([outer, inner, later], 'inner')).toEqual(['inner', 'later']);
  });
});
