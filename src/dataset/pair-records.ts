/**
 * @file Derives `set` and `pair` for records that do not say them, from what X_1 says instead: `status`
 * (VULNERABLE or FIXED) with `commit` and `function_name`. A field that is there is never changed.
 */
import type { DatasetRecord, RecordSet } from './record.ts';

/**
 * Status VULNERABLE with target 1 is P1, FIXED with target 0 is P2, another status with target 0 is P3 (X_1 labels
 * unchanged functions of a fix as not vulnerable). Within one commit and function name a P1 is tied to a P2;
 * where overloads make several, those with most lines in common first. One without a partner gets no pair.
 */
export function pairRecords(records: readonly DatasetRecord[]): DatasetRecord[] {
  const out = records.map((record) => {
    const set = record.set ?? deriveSet(record);
    return set === undefined || record.set === set ? record : { ...record, set };
  });
  for (const group of groups(out).values()) pairGroup(out, group);
  return out;
}

function deriveSet(record: DatasetRecord): RecordSet | undefined {
  const { status, target } = record;
  if (typeof status !== 'string') return undefined;
  if (status.toUpperCase() === 'VULNERABLE') return target === 1 ? 'P1' : undefined;
  if (target !== 0) return undefined;
  return status.toUpperCase() === 'FIXED' ? 'P2' : 'P3';
}

interface Group {
  readonly key: string;
  readonly vulnerable: number[];
  readonly fixed: number[];
}

function groups(records: readonly DatasetRecord[]): Map<string, Group> {
  const found = new Map<string, Group>();
  records.forEach((record, index) => {
    const { commit, function_name: name, set, pair } = record;
    if (pair !== undefined || commit === undefined || name === undefined) return;
    if (set !== 'P1' && set !== 'P2') return;
    const key = `${commit}:${name}`;
    const group = found.get(key) ?? { key, vulnerable: [], fixed: [] };
    (set === 'P1' ? group.vulnerable : group.fixed).push(index);
    found.set(key, group);
  });
  return found;
}

function pairGroup(records: DatasetRecord[], group: Group): void {
  const { vulnerable, fixed } = group;
  const candidates = vulnerable.flatMap((before) =>
    fixed.map((after) => ({ before, after, common: commonLines(records[before]!, records[after]!) })),
  );
  candidates.sort((a, b) => b.common - a.common || a.before - b.before || a.after - b.after);
  const taken = new Set<number>();
  let number = 0;
  for (const { before, after } of candidates) {
    if (taken.has(before) || taken.has(after)) continue;
    taken.add(before).add(after);
    number++;
    const pair = number === 1 ? group.key : `${group.key}#${number}`;
    for (const index of [before, after]) records[index] = { ...records[index]!, pair };
  }
}

/** Share of lines in common (Jaccard over distinct trimmed lines). */
function commonLines(a: DatasetRecord, b: DatasetRecord): number {
  const [left, right] = [lineSet(a.code), lineSet(b.code)];
  const common = [...left].filter((line) => right.has(line)).length;
  return common / (left.size + right.size - common);
}

function lineSet(code: string): Set<string> {
  return new Set(code.split('\n').map((line) => line.trim()));
}
