/** @file Names in records from several datasets, made unique so that none means two things. */
import type { DatasetRecord } from '../record.ts';

/** Ids and pairs of several datasets, so that none means two things. */
export class UniqueNames {
  readonly #ids = new Set<string>();
  readonly #pairs = new Map<string, number>();

  /** The record under names of its own, without `split`: its file tells the side, and another one would be believed. */
  rename({ split: _split, ...record }: DatasetRecord, input: number): DatasetRecord {
    const renamed: Record<string, unknown> = record;
    const { id, pair } = record;
    if (typeof id === 'string') {
      let unique = id;
      for (let count = 2; this.#ids.has(unique); count++) unique = `${id}.${count}`;
      this.#ids.add(unique);
      renamed.id = unique;
    }
    if (typeof pair === 'string') {
      const first = this.#pairs.get(pair) ?? input;
      this.#pairs.set(pair, first);
      if (first !== input) renamed.pair = `${pair}.${input + 1}`;
    }
    return renamed as unknown as DatasetRecord;
  }
}
