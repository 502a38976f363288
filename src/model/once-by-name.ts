/** @file Values that a graph makes when they are first asked for, and then has: inputs that only some blocks read. */
import type { Value } from '../graph/graph.ts';

export function onceByName(): (name: string, make: () => Value) => Value {
  const made = new Map<string, Value>();
  return (name, make) => {
    const value = made.get(name) ?? make();
    made.set(name, value);
    return value;
  };
}
