/**
 * @file Proves that the parts of a dataset have nothing in common that would make a test of one part worthless: no pair,
 * commit, CVE or duplicate, and no body with both labels. Reads through read-parts.ts, keeps what record-index.ts does.
 */
import { DEFAULT_THRESHOLD, type NearDuplicates } from '../duplicates/near-duplicates.ts';
import { compareParts, type PartRecord } from '../formats/read-parts.ts';
import { LEAK_KINDS, type Leak, type LeakExample, type LeakKind, type LeakReport } from './leak-report.ts';
import { type KeyTable, RecordIndex } from './record-index.ts';

export interface FindLeaksOptions {
  /** Jaccard similarity from which functions are near duplicates; 0.7 to 1, default 0.9. */
  readonly threshold?: number;
  /** Default: all. */
  readonly kinds?: readonly LeakKind[];
  /** The most examples of each kind; default 5. */
  readonly examples?: number;
}

const PLACES_SHOWN = 6;

/** @throws VultuneError `DATASET_OPTION` (threshold), and whatever reading the records throws. */
export async function findLeaks(
  records: AsyncIterable<PartRecord> | Iterable<PartRecord>,
  options: FindLeaksOptions = {},
): Promise<LeakReport> {
  const threshold = options.threshold ?? DEFAULT_THRESHOLD;
  const kinds = options.kinds ?? LEAK_KINDS;
  const index = new RecordIndex(kinds.includes('near-duplicate') ? threshold : undefined);
  for await (const record of records) index.add(record);
  const finder = new LeakFinder(index, options.examples ?? 5);
  const leaks = LEAK_KINDS.filter((kind) => kinds.includes(kind)).map((kind) => finder.find(kind));
  const parts = countParts(index);
  const unusable = parts.flatMap(({ name, functions, vulnerable }) =>
    name === 'test' && functions > 0 && vulnerable === 0
      ? [
          `the test part has ${functions} functions and none of them is vulnerable: nothing can be measured on it`,
        ]
      : [],
  );
  return {
    format: 'vultune-dataset-check',
    formatVersion: 1,
    ok: leaks.every(({ groups }) => groups === 0) && unusable.length === 0,
    unusable,
    functions: index.count,
    parts,
    threshold,
    leaks,
  };
}

class LeakFinder {
  readonly #index: RecordIndex;
  readonly #mostExamples: number;
  readonly #exact: Int32Array;

  constructor(index: RecordIndex, mostExamples: number) {
    this.#index = index;
    this.#mostExamples = mostExamples;
    this.#exact = index.exact.groups();
  }

  find(kind: LeakKind): Leak {
    switch (kind) {
      case 'label-conflict':
        return this.#leak(
          kind,
          this.#groupsOf(this.#exact, (members) => this.#hasBothLabels(members)),
        );
      case 'exact-duplicate':
        return this.#leak(
          kind,
          this.#groupsOf(this.#exact, (members) => this.#crosses(members)),
        );
      case 'near-duplicate':
        return this.#nearLeak(this.#index.near!);
      case 'pair':
      case 'commit':
      case 'cve':
        return this.#keyLeak(kind, this.#index.keys(kind));
    }
  }

  /** Groups that are one body over and over are exact duplicates: told there. */
  #nearLeak(near: NearDuplicates): Leak {
    const groups = this.#groupsOf(
      near.groups(),
      (members) => this.#crosses(members) && members.some((i) => this.#exact[i] !== this.#exact[members[0]!]),
    );
    return this.#leak('near-duplicate', groups, this.#index.count, (members) => {
      const [a, b] = this.#closestAcross(members, near);
      const others = members.filter((member) => member !== a && member !== b);
      return {
        similarity: Math.round(near.similarity(a, b) * 1000) / 1000,
        places: this.#places([a, b, ...others]),
      };
    });
  }

  /** The two most alike of different parts and different bodies, among the first members of a large group. */
  #closestAcross(members: readonly number[], near: NearDuplicates): readonly [number, number] {
    let best: readonly [number, number] = [members[0]!, this.#otherPart(members)];
    let similarity = -1;
    const looked = members.slice(0, 200);
    looked.forEach((a, at) => {
      for (const b of looked.slice(at + 1)) {
        if (this.#index.partOf(a) === this.#index.partOf(b) || this.#exact[a] === this.#exact[b]) continue;
        const found = near.similarity(a, b);
        if (found > similarity) [best, similarity] = [[a, b], found];
      }
    });
    return best;
  }

  #otherPart(members: readonly number[]): number {
    const part = this.#index.partOf(members[0]!);
    return members.find((member) => this.#index.partOf(member) !== part)!;
  }

  #keyLeak(kind: LeakKind, table: KeyTable): Leak {
    const crossing = new Set<number>();
    const firstPart = new Map<number, string>();
    table.keys.forEach((key, i) => {
      const part = this.#index.partOf(table.records[i]!);
      const first = firstPart.get(key);
      if (first === undefined) firstPart.set(key, part);
      else if (first !== part) crossing.add(key);
    });
    const members = new Map([...crossing].map((key): [number, number[]] => [key, []]));
    table.keys.forEach((key, i) => {
      members.get(key)?.push(table.records[i]!);
    });
    const names = new Map([...members].map(([key, records]) => [records, table.names[key]!.trim()]));
    const checked = new Set(table.records).size;
    return this.#leak(kind, [...members.values()], checked, (records) => ({
      key: names.get(records as number[])!,
      places: this.#places(records),
    }));
  }

  /** Members of the groups of two and more that pass, in the order of their first ones. */
  #groupsOf(roots: Int32Array, passes: (members: readonly number[]) => boolean): number[][] {
    const sizes = new Uint32Array(roots.length);
    for (const root of roots) sizes[root]!++;
    const members = new Map<number, number[]>();
    roots.forEach((root, i) => {
      if (sizes[root]! < 2) return;
      const group = members.get(root);
      if (group === undefined) members.set(root, [i]);
      else group.push(i);
    });
    return [...members.values()].filter(passes);
  }

  #leak(
    kind: LeakKind,
    groups: readonly (readonly number[])[],
    checked = this.#index.count,
    example: (members: readonly number[]) => LeakExample = (members) => ({ places: this.#places(members) }),
  ): Leak {
    const byParts: Record<string, number> = {};
    for (const members of groups) {
      const parts = [...new Set(members.map((i) => this.#index.partOf(i)))].sort(compareParts).join(', ');
      byParts[parts] = (byParts[parts] ?? 0) + 1;
    }
    return {
      kind,
      checked,
      groups: groups.length,
      functions: groups.reduce((sum, members) => sum + members.length, 0),
      byParts,
      examples: groups.slice(0, this.#mostExamples).map(example),
    };
  }

  /** One of each part and label first. */
  #places(members: readonly number[]): LeakExample['places'] {
    const seen = new Set<string>();
    const [first, rest]: [number[], number[]] = [[], []];
    for (const member of members) {
      const kind = `${this.#index.partOf(member)} ${this.#index.targetOf(member)}`;
      (seen.has(kind) ? rest : first).push(member);
      seen.add(kind);
    }
    return [...first, ...rest].slice(0, PLACES_SHOWN).map((i) => this.#index.placeOf(i));
  }

  #crosses(members: readonly number[]): boolean {
    const part = this.#index.partOf(members[0]!);
    return members.some((i) => this.#index.partOf(i) !== part);
  }

  #hasBothLabels(members: readonly number[]): boolean {
    const targets = new Set(members.map((i) => this.#index.targetOf(i)));
    return targets.has(0) && targets.has(1);
  }
}

function countParts(index: RecordIndex): LeakReport['parts'] {
  const counts = new Map(index.parts.map((name) => [name, { name, functions: 0, vulnerable: 0 }]));
  for (let i = 0; i < index.count; i++) {
    const part = counts.get(index.partOf(i))!;
    part.functions++;
    if (index.targetOf(i) === 1) part.vulnerable++;
  }
  return [...counts.values()];
}
