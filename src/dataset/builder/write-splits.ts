/**
 * @file The second pass: reads the gathered files again and writes the chosen functions as records, each into its part.
 * Holds one at a time; the files appear whole or not at all. Chooses nothing.
 */
import { join } from 'node:path';
import { ReasonTally } from '../../base/tally.ts';
import type { PartInfo } from '../output/part-file.ts';
import { PartFile } from '../output/part-file.ts';
import { SPLITS, type Split } from '../parts.ts';
import type { LabelledRecord, RecordSet } from '../record.ts';
import type { FixFacts } from '../source.ts';
import type { GatheredUnit } from './gather/gather-context.ts';
import { type GatheredFields, readGathered } from './gather/gathered-file.ts';
import type { CandidateIndex } from './select/candidate-index.ts';
import { CHOICE } from './select/choice.ts';
import type { Labelled } from './select/label-candidates.ts';
import { NO_SIDE } from './select/split-candidates.ts';

export interface WrittenSplits {
  readonly splits: Readonly<Record<Split, PartInfo>>;
  readonly languages: Readonly<Record<string, number>>;
}

/** @throws VultuneError as `AtomicWriter`; the signal's reason, with nothing written. */
export async function writeSplits(
  outDir: string,
  units: readonly GatheredUnit[],
  index: CandidateIndex,
  labelled: Labelled,
  sides: Int8Array,
  signal: AbortSignal,
  onUnit?: (done: number) => void,
): Promise<WrittenSplits> {
  const parts = SPLITS.map((split) => new PartFile(join(outDir, `${split}.jsonl`)));
  const languages = new ReasonTally();
  const makeRecord = recordMaker(index, labelled);
  try {
    let candidate = 0;
    for (const [number, { path, facts, sourceName, recordsBefore = 0 }] of units.entries()) {
      signal.throwIfAborted();
      onUnit?.(number);
      const first = candidate - recordsBefore;
      for await (const line of readGathered(path)) {
        const at = candidate++;
        const side = sides[at]!;
        if (side === NO_SIDE) continue;
        const record = makeRecord(at, line.fields(), facts, `${sourceName}:${at - first + 1}`);
        languages.add(record.language ?? 'unknown');
        parts[side]!.add(record);
      }
    }
    const infos = parts.map((part) => part.commit());
    const splits = Object.fromEntries(SPLITS.map((split, at) => [split, infos[at]!]));
    return { splits: splits as Record<Split, PartInfo>, languages: languages.counts() };
  } finally {
    for (const part of parts) part.discard();
  }
}

const SETS: Readonly<Record<number, RecordSet>> = { [CHOICE.P1]: 'P1', [CHOICE.P2]: 'P2', [CHOICE.P3]: 'P3' };

type MakeRecord = (
  candidate: number,
  fields: GatheredFields,
  facts: FixFacts | undefined,
  /** The id of a ready-made record that has none. */
  fallbackId: string,
) => LabelledRecord;

function recordMaker(index: CandidateIndex, labelled: Labelled): MakeRecord {
  const ids = new Map<string, number>();
  const uniqueId = (id: string) => {
    const count = (ids.get(id) ?? 0) + 1;
    ids.set(id, count);
    return count === 1 ? id : `${id}.${count}`;
  };
  /** The pair being written: a before comes directly in front of its after. */
  let pair = { number: -1, name: '' };
  const joined = new Map<number, string>();
  return (candidate, fields, facts, fallbackId) => {
    if (facts === undefined) return ownRecord(fields, uniqueId, fallbackId);
    const set = SETS[labelled.choice[candidate]!]!;
    const place = `${fields.path}:${fields.start_line}`;
    const number = index.pair[candidate]!;
    const name = `${facts.project}@${facts.commit}/${place}`;
    if (number !== pair.number) pair = { number, name };
    const joint = labelled.joints.get(number);
    if (joint !== undefined && !joined.has(joint)) joined.set(joint, `${name} and another`);
    const pairName = joint === undefined ? pair.name : joined.get(joint)!;
    const release = set === 'P1' ? `${facts.commit}^` : facts.commit;
    return {
      ...fields,
      id: uniqueId(`${facts.project}@${release}/${place}`),
      target: set === 'P1' ? 1 : 0,
      set,
      ...(labelled.wholePairs.has(number) ? { pair: pairName } : {}),
      project: facts.project,
      commit: facts.commit,
      ...(facts.date === undefined ? {} : { date: facts.date }),
      ...(set === 'P3' ? {} : weakness(facts)),
    };
  };
}

/** The CVE and CWE of a vulnerable function and its fix; an unchanged function has none. */
function weakness({ cve, cwe }: FixFacts): {
  cve?: string;
  cves?: readonly string[];
  cwe?: readonly string[];
} {
  const [first] = cve ?? [];
  return {
    ...(first === undefined ? {} : { cve: first }),
    ...(cve !== undefined && cve.length > 1 ? { cves: cve } : {}),
    ...(cwe === undefined || cwe.length === 0 ? {} : { cwe }),
  };
}

function ownRecord(
  fields: GatheredFields,
  uniqueId: (id: string) => string,
  fallbackId: string,
): LabelledRecord {
  const { split: _, ...record } = fields as unknown as LabelledRecord;
  return { ...record, id: uniqueId(record.id ?? fallbackId) } as LabelledRecord;
}
