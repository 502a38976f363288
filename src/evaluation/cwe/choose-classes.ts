/** @file Which CWEs a head can learn to name: the most frequent of the vulnerable training functions, each with enough of them. */
import { cweIds } from '../../dataset/cwe.ts';
import type { LabelledRecord } from '../../dataset/record.ts';

export interface CweClass {
  readonly id: string;
  /** Vulnerable training functions with it. */
  readonly examples: number;
}

export interface CweClassChoice {
  /** Most frequent first; fewer than two are not enough to tell apart. */
  readonly classes: readonly CweClass[];
  /** All CWEs of vulnerable functions, most frequent first. */
  readonly found: readonly CweClass[];
}

export interface CweClassOptions {
  /** Classes at most. */
  readonly most: number;
  /** Functions that each class has at least. */
  readonly leastExamples: number;
}

/** A function with several CWEs is an example of each. */
export function chooseCweClasses(
  records: readonly Pick<LabelledRecord, 'target' | 'cwe'>[],
  { most, leastExamples }: CweClassOptions,
): CweClassChoice {
  const counts = new Map<string, number>();
  for (const { target, cwe } of records) {
    if (target === 0) continue;
    for (const id of cweIds(cwe)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const found = [...counts]
    .map(([id, examples]) => ({ id, examples }))
    .toSorted((a, b) => b.examples - a.examples || (a.id < b.id ? -1 : 1));
  return { classes: found.filter(({ examples }) => examples >= leastExamples).slice(0, most), found };
}

/** Why there is no head, with the counts; undefined where there is one. */
export function whyNoCweHead({ classes, found }: CweClassChoice, leastExamples: number): string | undefined {
  if (classes.length >= 2) return undefined;
  const shown = found.slice(0, 5).map(({ id, examples }) => `${id}: ${examples}`);
  const counts =
    shown.length === 0
      ? 'none names a CWE'
      : `${shown.join(', ')}${found.length > shown.length ? ' ...' : ''}`;
  return (
    `cwe_head: true, but fewer than two CWEs have ${leastExamples} vulnerable training functions (${counts}): ` +
    'the model is trained without a CWE head; cwe_min_examples sets the floor'
  );
}
