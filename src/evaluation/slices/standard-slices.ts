/** @file The slices that every evaluation looks at, as far as the records name what they need. */
import { matchByLength } from './match-by-length.ts';
import { type Slice, type SliceDimension, type SliceRecord, sliceBy } from './slice.ts';

/** A dimension with more names than this (projects) is cut to the names with the most functions. */
const MOST_SLICES = 40;
const LENGTH_BUCKETS = 4;

/** Set by set, per CWE, language, length, project, and matched by length; a dimension with one name is left out. */
export function standardSlices(records: readonly SliceRecord[]): Slice[] {
  const one = (value: string | undefined) => (value === undefined ? [] : [value]);
  return [
    ...sets(records),
    ...largest(
      sliceBy('cwe', records, ({ cwe }) => cwe ?? []),
      1,
    ),
    ...largest(sliceBy('language', records, ({ language }) => one(language))),
    ...lengthBuckets(records),
    ...largest(sliceBy('project', records, ({ project }) => one(project))),
    ...lengthMatched(records),
  ];
}

/** P1 against its fixes (P2), and against functions that no fix touched (P3): the second is the easier task. */
function sets(records: readonly SliceRecord[]): Slice[] {
  const has = (wanted: string) => records.some(({ set }) => set === wanted);
  const against = ['P2', 'P3'].filter((other) => has('P1') && has(other));
  if (against.length < 2) return [];
  return against.map((other) => ({
    dimension: 'set' as const,
    name: `P1+${other}`,
    rows: rowsWhere(records, ({ set }) => set === 'P1' || set === other),
  }));
}

/** Quarters of the functions by length in characters; equal lengths stay together. */
function lengthBuckets(records: readonly SliceRecord[]): Slice[] {
  const lengths = Uint32Array.from(records, ({ code }) => code.length).sort();
  const starts = Array.from(
    { length: LENGTH_BUCKETS },
    (_, q) => lengths[Math.floor((q * lengths.length) / LENGTH_BUCKETS)] ?? 0,
  );
  const edges = [...new Set(starts)];
  if (edges.length < 2) return [];
  return edges.map((from, q) => {
    const to = edges[q + 1];
    return {
      dimension: 'length' as const,
      name: to === undefined ? `${from}+ characters` : `${from}-${to - 1} characters`,
      rows: rowsWhere(records, ({ code }) => code.length >= from && (to === undefined || code.length < to)),
    };
  });
}

function lengthMatched(records: readonly SliceRecord[]): Slice[] {
  const matched = matchByLength(records);
  if (matched.length === 0) return [];
  return [{ dimension: 'length-matched', name: 'pairs of similar length', rows: matched }];
}

function largest(slices: readonly Slice[], atLeast = 2): Slice[] {
  if (slices.length < atLeast) return [];
  return slices
    .toSorted((a, b) => b.rows.length - a.rows.length || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_SLICES);
}

function rowsWhere(records: readonly SliceRecord[], holds: (record: SliceRecord) => boolean): Uint32Array {
  return Uint32Array.from(records.flatMap((record, row) => (holds(record) ? [row] : [])));
}

/** How a heading calls a dimension. */
export const dimensionLabels: Readonly<Record<SliceDimension, string>> = {
  set: 'against',
  cwe: 'CWE',
  language: 'language',
  length: 'length',
  project: 'project',
  'length-matched': 'length-matched',
};
