/** @file Says which rows of a dataset were left out when it was read. */

/** `left out, or noted: no code (2), without a partner (1)`; undefined where nothing is to be said. */
export function leftOutText(counts: Readonly<Record<string, number>>): string | undefined {
  const reasons = Object.entries(counts).map(([reason, count]) => `${reason} (${count})`);
  return reasons.length === 0 ? undefined : `left out, or noted: ${reasons.join(', ')}`;
}
