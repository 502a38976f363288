/** @file Which CWEs a training tells apart, in a sentence: for its start and for its check. */
import { formatCount } from '../../base/numbers.ts';
import type { CweClass } from '../../evaluation/cwe/choose-classes.ts';

/** `CWE head: 3 classes (CWE-79: 120 functions, CWE-89: 80, CWE-22: 40)` */
export function describeCweClasses(classes: readonly CweClass[]): string {
  const named = classes.map(
    ({ id, examples }, i) => `${id}: ${formatCount(examples)}${i === 0 ? ' functions' : ''}`,
  );
  return `CWE head: ${classes.length} classes (${named.join(', ')})`;
}
