/**
 * @file A sample of a dataset as a file: reads the input twice, once for labels, weaknesses and pairs, once to write
 * what was chosen. Memory holds no code.
 */
import { createHash } from 'node:crypto';
import { AtomicWriter } from '../../base/atomic-writer.ts';
import { VultuneError } from '../../base/errors.ts';
import { type PartRecord, type ReadPartsOptions, ReasonCounts, readParts } from '../formats/read-parts.ts';
import { formatRecord } from '../write-jsonl.ts';
import { chooseSample, type SampleItem, type SampleOptions } from './choose-sample.ts';

export interface SampleDatasetOptions
  extends SampleOptions,
    Pick<ReadPartsOptions, 'format' | 'signal' | 'onProgress'> {
  readonly inputs: readonly string[];
  /** JSON lines. */
  readonly out: string;
  /** Only the functions of this part; undefined: of all. */
  readonly part?: string;
  readonly seed: number;
}

export interface SampleReport {
  readonly out: string;
  /** What there was to choose from. */
  readonly from: SampleCounts;
  readonly chosen: SampleCounts;
  /** Chosen vulnerable functions by first CWE, most first; `none` where none is said. */
  readonly cwes: Readonly<Record<string, number>>;
  /** Pairs of which both halves were chosen. */
  readonly pairs: number;
  /** While reading: rows that were left out, and what was noted of others, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** The file's SHA-256. */
  readonly sha256: string;
}

export interface SampleCounts {
  readonly functions: number;
  readonly vulnerable: number;
}

/**
 * The same records and options give the same sample, whatever the order of the records; they are written in the order in
 * which they come. Functions of several parts carry theirs in the field `split`.
 * @throws VultuneError `DATASET_OPTION`, `DATASET_ONE_CLASS`, `DATASET_PART_MISSING`, as `openDataset`; the signal's
 * reason, with nothing written.
 */
export async function sampleDataset(options: SampleDatasetOptions): Promise<SampleReport> {
  const { inputs, out, part, seed } = options;
  if (inputs.includes('-')) {
    throw new VultuneError(
      'DATASET_OPTION',
      'standard input can be read only once, but this command reads it twice',
      {
        where: { name: '-' },
        hint: 'write it to a file first',
      },
    );
  }
  const items: SampleItem[] = [];
  const parts = new Set<string>();
  const leftOut = new ReasonCounts();
  for await (const placed of readParts(inputs, { ...options, tally: leftOut })) {
    parts.add(placed.part);
    if (part === undefined || placed.part === part) items.push(sampleItem(placed, seed));
  }
  if (part !== undefined && !parts.has(part)) throw partMissing(part, parts, inputs);
  const chosen = new Uint8Array(items.length);
  for (const at of chooseSample(items, options)) chosen[at] = 1;
  const sha256 = await writeChosen(options, chosen, part === undefined && parts.size > 1);
  return { out, ...countSample(items, chosen), leftOut: leftOut.counts, sha256 };
}

async function writeChosen(
  options: SampleDatasetOptions,
  chosen: Uint8Array,
  withSplit: boolean,
): Promise<string> {
  const writer = new AtomicWriter(options.out);
  const hash = createHash('sha256');
  try {
    let at = 0;
    for await (const { record, part } of readParts(options.inputs, options)) {
      if (options.part !== undefined && part !== options.part) continue;
      if (chosen[at++] !== 1) continue;
      const line = formatRecord(withSplit ? { ...record, split: part } : record);
      hash.update(line);
      writer.write(line);
    }
    if (at !== chosen.length) {
      throw new VultuneError('DATASET_CHANGED', 'the input changed while it was read', {
        where: { file: options.inputs[0]! },
        hint: 'run the command again once nothing writes to it',
      });
    }
    writer.commit();
  } finally {
    writer.discard();
  }
  return hash.digest('hex');
}

function sampleItem({ record, part }: PartRecord, seed: number): SampleItem {
  const digest = createHash('sha256')
    .update(`${seed}\n${part}\n${formatRecord(record)}`)
    .digest();
  const cwe = record.cwe?.[0];
  return {
    rank: digest.readUIntBE(0, 6),
    target: record.target!,
    ...(cwe === undefined ? {} : { cwe }),
    ...(record.pair === undefined ? {} : { pair: record.pair }),
  };
}

function countSample(
  items: readonly SampleItem[],
  chosen: Uint8Array,
): Pick<SampleReport, 'from' | 'chosen' | 'cwes' | 'pairs'> {
  const counts = (list: readonly SampleItem[]) => ({
    functions: list.length,
    vulnerable: list.filter(({ target }) => target === 1).length,
  });
  const kept = items.filter((_, at) => chosen[at] === 1);
  const cwes = new Map<string, number>();
  const halves = new Map<string, number>();
  for (const { target, cwe, pair } of kept) {
    if (target === 1) cwes.set(cwe ?? 'none', (cwes.get(cwe ?? 'none') ?? 0) + 1);
    if (pair !== undefined) halves.set(pair, (halves.get(pair) ?? 0) | (target === 1 ? 1 : 2));
  }
  return {
    from: counts(items),
    chosen: counts(kept),
    cwes: Object.fromEntries([...cwes].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))),
    pairs: [...halves.values()].filter((found) => found === 3).length,
  };
}

function partMissing(part: string, parts: ReadonlySet<string>, inputs: readonly string[]): VultuneError {
  const found = `no part "${part}", found ${[...parts].sort().join(', ')}`;
  return new VultuneError('DATASET_PART_MISSING', found, {
    where: { file: inputs[0]!, name: part },
    hint: 'parts come from the names of files (train, valid, test) or by a field "split"',
  });
}
