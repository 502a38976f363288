/** @file Which functions of a file are not as they were before, and what each of them was. Compares outlines only. */
import type { FunctionOutline } from '../finding.ts';

export interface ChangedFunction {
  readonly after: FunctionOutline;
  /** The function of the same name before; undefined for a new one. */
  readonly before: FunctionOutline | undefined;
}

/** A function that only moved, was indented or commented otherwise is not changed. */
export function changedFunctions(
  before: readonly FunctionOutline[],
  after: readonly FunctionOutline[],
): ChangedFunction[] {
  const untouched = takeEach(before, ({ bodyHash }) => bodyHash);
  const candidates = after.filter(({ bodyHash }) => untouched.take(bodyHash) === undefined);
  const byName = takeEach(untouched.left(), ({ name }) => name);
  return candidates.map((one) => ({ after: one, before: byName.take(one.name) }));
}

/** Items by key, in order; each can be taken once. */
function takeEach<T>(items: readonly T[], keyOf: (item: T) => string) {
  const queues = new Map<string, T[]>();
  for (const item of items) {
    const queue = queues.get(keyOf(item));
    if (queue === undefined) queues.set(keyOf(item), [item]);
    else queue.push(item);
  }
  return {
    take: (key: string): T | undefined => queues.get(key)?.shift(),
    left: (): readonly T[] => [...queues.values()].flat(),
  };
}
