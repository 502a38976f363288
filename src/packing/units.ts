/**
 * @file What a plan keeps together: single functions, or functions that begin alike and are cheaper side by side. Knows
 * lengths and common beginnings; nothing of steps or sequences.
 */
import type { Curriculum } from './curriculum.ts';
import { findSharedPrefixes } from './shared-prefixes.ts';

/** The functions to plan for: their lengths, and which of them belong side by side. */
export interface PlannableFunctions {
  /** [functions] in tokens. */
  readonly lengths: readonly number[];
  /** Every function once; those of a group begin alike, each like the one before it. */
  readonly groups: readonly (readonly number[])[];
  /** [functions] which group each is in. */
  readonly groupOf: Int32Array;
  /** [functions] tokens it begins with like the one before it in its group, and that count once; 0 for the first. */
  readonly shared: Int32Array;
  /** The order of the first epoch; left out: random. */
  readonly curriculum?: Curriculum | undefined;
  /** Numbers of the groups that no step cuts. Default: none. */
  readonly whole?: ReadonlySet<number> | undefined;
}

/** Functions that go into one sequence together. */
export interface Unit {
  readonly functions: readonly number[];
  /** Tokens to compute: common beginnings once. */
  readonly tokens: number;
  /** Tokens of its longest function. */
  readonly longest: number;
}

/** More of a kind would make a step's functions too alike. */
const MOST_IN_A_GROUP = 4;

/** Less in common does not outweigh functions of less like length beside one another. */
const LEAST_SHARE = 0.25;

/** Every function by itself. */
export function separateFunctions(lengths: readonly number[]): PlannableFunctions {
  return {
    lengths,
    groups: [...lengths.keys()].map((index) => [index]),
    groupOf: Int32Array.from(lengths.keys()),
    shared: new Int32Array(lengths.length),
  };
}

/**
 * Grouped as `groupByPrefix` does, every token counted: a plan in which it makes no difference whether common beginnings are
 * then computed once.
 */
export function groupAtFullLength(functions: readonly (readonly number[])[]): PlannableFunctions {
  return { ...groupByPrefix(functions), shared: new Int32Array(functions.length) };
}

/**
 * The same with a group for each pair, which no step cuts; other groups keep the rest of their functions. Where a sequence has room
 * for both functions, no sequence cuts one either.
 * @param planned every token counted
 */
export function keepPairsWhole(
  planned: PlannableFunctions,
  pairs: readonly (readonly number[])[],
): PlannableFunctions {
  const paired = new Set(pairs.flat());
  const others = planned.groups
    .map((group) => group.filter((index) => !paired.has(index)))
    .filter((group) => group.length > 0);
  const { groups, groupOf } = numbered([...others, ...pairs], planned.lengths.length);
  const whole = new Set(pairs.map((pair) => groupOf[pair[0]!]!));
  return { ...planned, groups, groupOf, whole };
}

/** Groups in the order of the data, whatever their tokens: without anything to share it is that of single functions. */
function numbered(
  unordered: readonly (readonly number[])[],
  count: number,
): Pick<PlannableFunctions, 'groups' | 'groupOf'> {
  const firstOf = new Map(unordered.map((group) => [group, Math.min(...group)]));
  const groups = unordered.toSorted((a, b) => firstOf.get(a)! - firstOf.get(b)!);
  const groupOf = new Int32Array(count);
  for (const [number, group] of groups.entries()) {
    for (const index of group) groupOf[index] = number;
  }
  return { groups, groupOf };
}

/** Functions that share at least a quarter of their tokens from the start are grouped, up to four. */
export function groupByPrefix(functions: readonly (readonly number[])[]): PlannableFunctions {
  const lengths = functions.map((ids) => ids.length);
  const { order, prefixes } = findSharedPrefixes(functions);
  const groups: number[][] = [];
  const shared = new Int32Array(lengths.length);
  for (const index of order) {
    const prefix = prefixes[index];
    const group = groups.at(-1);
    const joins =
      prefix !== undefined &&
      group !== undefined &&
      group.length < MOST_IN_A_GROUP &&
      prefix.length >= LEAST_SHARE * Math.max(lengths[index]!, lengths[prefix.of]!);
    if (joins) {
      shared[index] = prefix.length;
      group.push(index);
    } else groups.push([index]);
  }
  return { lengths, ...numbered(groups, lengths.length), shared };
}

/** Whether there is anything to gain side by side. */
export function hasGroups({ groups }: PlannableFunctions): boolean {
  return groups.some((group) => group.length > 1);
}

/** Functions as units: those of one group together. */
export function unitsOf(functions: readonly number[], plannable: PlannableFunctions): Unit[] {
  const members = new Map<number, Set<number>>();
  for (const index of functions) {
    const group = plannable.groupOf[index]!;
    const known = members.get(group);
    if (known === undefined) members.set(group, new Set([index]));
    else known.add(index);
  }
  return [...members].map(([group, present]) => unit(plannable.groups[group]!, present, plannable));
}

/** The members of a group that are present; one that is not may stand between two that are. */
function unit(
  group: readonly number[],
  present: ReadonlySet<number>,
  { lengths, shared }: PlannableFunctions,
): Unit {
  const functions: number[] = [];
  let [tokens, longest, common] = [0, 0, Number.POSITIVE_INFINITY];
  for (const index of group) {
    common = Math.min(common, shared[index]!);
    if (!present.has(index)) continue;
    tokens += lengths[index]! - (functions.length === 0 ? 0 : common);
    longest = Math.max(longest, lengths[index]!);
    functions.push(index);
    common = Number.POSITIVE_INFINITY;
  }
  return { functions, tokens, longest };
}
