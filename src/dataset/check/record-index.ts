/**
 * @file What a check keeps of each record: where it is, its part, its target, and its keys and duplicates as numbers.
 * About 250 bytes a function beside the names; no code. What counts as a leak is decided in find-leaks.ts.
 */
import { ExactDuplicates } from '../duplicates/exact-duplicates.ts';
import { NearDuplicates } from '../duplicates/near-duplicates.ts';
import { normalisedCode } from '../duplicates/normalised-code.ts';
import { compareParts, type PartRecord } from '../formats/read-parts.ts';
import { recordKeys } from '../record-keys.ts';
import type { LeakPlace } from './leak-report.ts';

export type KeyKind = 'pair' | 'commit' | 'cve';

/** Which records hold which keys of a kind: entry `i` says that record `records[i]` holds key `keys[i]`. */
export interface KeyTable {
  readonly names: readonly string[];
  readonly records: readonly number[];
  readonly keys: readonly number[];
}

export class RecordIndex {
  readonly exact = new ExactDuplicates();
  readonly near: NearDuplicates | undefined;
  readonly #files = new Names();
  readonly #parts = new Names();
  readonly #fileOf: number[] = [];
  readonly #partOf: number[] = [];
  readonly #lines: number[] = [];
  readonly #targets: (0 | 1 | null)[] = [];
  readonly #keys = { pair: new KeyTableBuilder(), commit: new KeyTableBuilder(), cve: new KeyTableBuilder() };

  /** Without a threshold near duplicates are not looked for. */
  constructor(threshold: number | undefined) {
    this.near = threshold === undefined ? undefined : new NearDuplicates({ threshold });
  }

  get count(): number {
    return this.#lines.length;
  }

  add({ record, file, line, part }: PartRecord): void {
    const index = this.#lines.length;
    this.#fileOf.push(this.#files.idOf(file));
    this.#partOf.push(this.#parts.idOf(part));
    this.#lines.push(line);
    this.#targets.push(record.target ?? null);
    const body = normalisedCode(record.code, record.language);
    this.exact.add(body);
    this.near?.add(body);
    const keys = recordKeys(record);
    if (keys.pair !== undefined) this.#keys.pair.add(index, keys.pair);
    if (keys.commit !== undefined) this.#keys.commit.add(index, keys.commit);
    for (const cve of keys.cves) this.#keys.cve.add(index, cve);
  }

  /** Names of the parts, sorted. */
  get parts(): readonly string[] {
    return [...this.#parts.names].sort(compareParts);
  }

  partOf(index: number): string {
    return this.#parts.names[this.#partOf[index]!]!;
  }

  targetOf(index: number): 0 | 1 | null {
    return this.#targets[index]!;
  }

  placeOf(index: number): LeakPlace {
    return {
      file: this.#files.names[this.#fileOf[index]!]!,
      line: this.#lines[index]!,
      part: this.partOf(index),
      target: this.targetOf(index),
    };
  }

  keys(kind: KeyKind): KeyTable {
    return this.#keys[kind];
  }
}

/** Strings numbered in the order in which they come. */
class Names {
  readonly names: string[] = [];
  readonly #ids = new Map<string, number>();

  idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#ids.set(name, this.names.length);
    this.names.push(name);
    return this.names.length - 1;
  }
}

class KeyTableBuilder implements KeyTable {
  readonly #names = new Names();
  readonly records: number[] = [];
  readonly keys: number[] = [];

  get names(): readonly string[] {
    return this.#names.names;
  }

  add(record: number, key: string): void {
    this.records.push(record);
    this.keys.push(this.#names.idOf(key));
  }
}
