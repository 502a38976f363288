/** @file Which CWEs a training tells apart, in a sentence: for its start and for its check. */
import { formatCount } from '../../base/numbers.ts';
import type { CweClass } from '../../evaluation/cwe/choose-classes.ts';
import type { Reporter } from '../context.ts';
import type { PlannedCwe } from './setup.ts';

/** The classes of a CWE head, or why a head that was asked for has none. */
export function reportCwe({ classes, lack }: PlannedCwe, report: Pick<Reporter, 'note' | 'warn'>): void {
  if (lack !== undefined) report.warn(lack);
  if (classes !== undefined) report.note(describeCweClasses(classes));
}

/** `CWE head: 3 classes (CWE-79: 120 functions, CWE-89: 80, CWE-22: 40)` */
function describeCweClasses(classes: readonly CweClass[]): string {
  const named = classes.map(
    ({ id, examples }, i) => `${id}: ${formatCount(examples)}${i === 0 ? ' functions' : ''}`,
  );
  return `CWE head: ${classes.length} classes (${named.join(', ')})`;
}
