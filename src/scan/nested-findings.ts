/**
 * @file A finding in a finding: a callback and the function around it say the same thing twice. The reader gets one of such a
 * group, or as many as explain it.
 */
import type { Finding } from './finding.ts';

export const NESTED = ['inner', 'outer', 'both'] as const;
/**
 * inner: the innermost ones where one of them is in the band of the function around, else that function. outer: the outermost.
 * both: all.
 */
export type Nested = (typeof NESTED)[number];

interface Group {
  readonly finding: Finding;
  readonly within: Group[];
}

/** Those that stay, in the order given. */
export function foldNested(findings: readonly Finding[], nested: Nested): readonly Finding[] {
  if (nested === 'both') return findings;
  const kept = new Set<Finding>();
  for (const group of groupsOf(findings)) {
    for (const finding of nested === 'outer' ? [group.finding] : explaining(group)) kept.add(finding);
  }
  return findings.filter((finding) => kept.has(finding));
}

/** The outermost findings, each with those that stand in it. */
function groupsOf(findings: readonly Finding[]): readonly Group[] {
  const outermost: Group[] = [];
  const around: Group[] = [];
  for (const finding of findings.toSorted(outerFirst)) {
    while (around.length > 0 && !holds(around.at(-1)!.finding, finding)) around.pop();
    const group: Group = { finding, within: [] };
    (around.at(-1)?.within ?? outermost).push(group);
    around.push(group);
  }
  return outermost;
}

const comparePlaces = (aLine: number, aColumn: number, bLine: number, bColumn: number) =>
  aLine - bLine || aColumn - bColumn;

const outerFirst = (a: Finding, b: Finding) =>
  (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
  comparePlaces(a.startLine, a.startColumn, b.startLine, b.startColumn) ||
  comparePlaces(b.endLine, b.endColumn, a.endLine, a.endColumn);

const holds = (outer: Finding, inner: Finding) =>
  outer.file === inner.file &&
  comparePlaces(inner.endLine, inner.endColumn, outer.endLine, outer.endColumn) <= 0;

function explaining({ finding, within }: Group): readonly Finding[] {
  const inner = within.flatMap(explaining);
  const isExplained = inner.some(({ band }) => band === 'vulnerable' || band === finding.band);
  return isExplained ? inner : [finding];
}
