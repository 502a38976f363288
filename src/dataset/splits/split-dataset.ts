/**
 * @file Splits a dataset anew, or merges several into one that is split: reads everything twice, once for what ties
 * functions together and once to write them. Memory holds keys and sketches, never the code.
 */

import { createHash, type Hash } from 'node:crypto';
import { VultuneError } from '../../base/errors.ts';
import type { Tally } from '../../base/tally.ts';
import { ExactDuplicates } from '../duplicates/exact-duplicates.ts';
import { DEFAULT_THRESHOLD, NearDuplicates } from '../duplicates/near-duplicates.ts';
import { normalisedCode } from '../duplicates/normalised-code.ts';
import {
  type PartRecord,
  type ReadPartsOptions,
  ReasonCounts,
  readParts,
  splitNamed,
} from '../formats/read-parts.ts';
import { checkOutputFolder, refuseOwnInput } from '../output/output-folder.ts';
import type { Fractions } from '../parts.ts';
import type { DatasetRecord } from '../record.ts';
import { utcDay } from '../record-date.ts';
import { splitKeys } from '../record-keys.ts';
import { formatRecord } from '../write-jsonl.ts';
import { type PlanItem, planSplits, type SplitPlan } from './plan-splits.ts';
import { splitCard } from './split-card.ts';
import { SplitFiles } from './split-files.ts';
import type { InputInfo, SplitDatasetInfo } from './split-info.ts';
import { UniqueNames } from './unique-names.ts';

export interface SplitDatasetOptions extends Pick<ReadPartsOptions, 'format' | 'signal' | 'onProgress'> {
  /** How dataset.json names what was done. */
  readonly command: 'split' | 'merge';
  readonly inputs: readonly string[];
  readonly outDir: string;
  /** Undefined: predefined where every function says its split, else commit. */
  readonly by?: 'commit' | 'project' | 'time' | 'predefined';
  /** Default 0.7, 0.15, 0.15. */
  readonly fractions?: Fractions;
  /** Default 42. */
  readonly seed?: number;
  readonly timePer?: 'project' | 'all';
  /** The similarity from which functions are near duplicates; default 0.9. */
  readonly threshold?: number;
  /** Keeps one of each set of equal bodies; drops bodies labelled both ways. */
  readonly deduplicate: boolean;
}

/**
 * The same inputs and options give the same bytes; records keep their order within a part.
 * @throws VultuneError `DATASET_OPTION`, `DATASET_ONE_CLASS`, `OUTPUT_EXISTS`, as `openDataset` and `assignSplits`; the
 * signal's reason, with nothing written.
 */
export async function splitDataset(options: SplitDatasetOptions): Promise<SplitDatasetInfo> {
  if (options.inputs.includes('-')) throw onlyOnce();
  checkOutputFolder(options.outDir);
  refuseOwnInput(options.inputs, options.outDir);
  const index = new SplitIndex(options);
  const leftOut = new ReasonCounts();
  for await (const placed of readInputs(options, leftOut)) index.add(placed);
  const stated = index.statedOptions();
  const plan = index.plan();
  checkClasses(index.items, plan, options.inputs);
  const files = new SplitFiles(options.outDir);
  try {
    const names = new UniqueNames();
    let at = 0;
    for await (const { record, input } of readInputs(options)) {
      const side = plan.sides[at++];
      if (side !== undefined) files.add(side, names.rename(record, options.command === 'merge' ? input : 0));
    }
    if (at !== index.items.length) throw changedMeanwhile(options.inputs);
    return files.commit((splits) => {
      const info: SplitDatasetInfo = {
        format: 'vultune-dataset',
        formatVersion: 1,
        builder: { name: options.command, version: 1 },
        inputs: index.inputs(),
        options: stated,
        leftOut: leftOut.counts,
        dropped: plan.dropped,
        ...(stated.split === 'time' ? { undated: index.undated } : {}),
        splits,
      };
      return { info, card: splitCard(info, [...index.languages].sort()) };
    });
  } finally {
    files.discard();
  }
}

interface InputRecord extends PartRecord {
  /** Which of the inputs. */
  readonly input: number;
}

async function* readInputs(
  { inputs, format, signal, onProgress }: SplitDatasetOptions,
  tally?: Tally,
): AsyncGenerator<InputRecord> {
  for (const [input, path] of inputs.entries()) {
    const more = {
      ...(tally === undefined ? {} : { tally }),
      ...(format === undefined ? {} : { format }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    };
    for await (const placed of readParts([path], more)) yield { ...placed, input };
  }
}

/** What the first pass keeps. */
class SplitIndex {
  readonly items: PlanItem[] = [];
  readonly languages = new Set<string>();
  readonly #options: SplitDatasetOptions;
  readonly #texts = new Map<string, string>();
  readonly #exact = new ExactDuplicates();
  readonly #near: NearDuplicates;
  readonly #inputs: { functions: number; vulnerable: number; readonly hash: Hash }[];

  constructor(options: SplitDatasetOptions) {
    this.#options = options;
    this.#near = new NearDuplicates({ threshold: options.threshold ?? DEFAULT_THRESHOLD });
    this.#inputs = options.inputs.map(() => ({ functions: 0, vulnerable: 0, hash: createHash('sha256') }));
  }

  add({ record, split, input, file, line }: InputRecord): void {
    const body = normalisedCode(record.code, record.language);
    this.#exact.add(body);
    this.#near.add(body);
    const target = record.target!;
    const predefined = split ?? splitNamed(record.split);
    // Two datasets may number their pairs alike.
    const isOther = this.#options.command === 'merge' && record.pair !== undefined;
    const date = this.#options.by === 'time' ? dayOfRecord(record, file, line) : undefined;
    this.items.push({
      keys: splitKeys(isOther ? { ...record, pair: `${input} ${record.pair}` } : record),
      target,
      isTying: target === 1 || record.set === 'P2',
      ...(record.project === undefined ? {} : { project: this.#once(record.project) }),
      ...(date === undefined ? {} : { date: this.#once(date) }),
      ...(predefined === undefined ? {} : { predefined }),
    });
    if (record.language !== undefined) this.languages.add(record.language);
    const counts = this.#inputs[input]!;
    counts.functions++;
    counts.vulnerable += target;
    counts.hash.update(formatRecord(record));
  }

  /** Every record brings its own copy of its project's name and of its date: one of each is enough. */
  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  get undated(): number {
    return this.items.filter(({ date }) => date === undefined).length;
  }

  statedOptions(): SplitDatasetInfo['options'] {
    const { by, fractions, seed, timePer, threshold, deduplicate } = this.#options;
    const isPredefined = this.items.every(({ predefined }) => predefined !== undefined);
    return {
      split: by ?? (isPredefined ? 'predefined' : 'commit'),
      timePer: timePer ?? 'all',
      fractions: fractions ?? { train: 0.7, valid: 0.15, test: 0.15 },
      seed: seed ?? 42,
      nearDuplicates: threshold ?? DEFAULT_THRESHOLD,
      deduplicate,
    };
  }

  plan(): SplitPlan {
    const { split, ...stated } = this.statedOptions();
    return planSplits(this.items, this.#exact.groups(), this.#near.groups(), { ...stated, by: split });
  }

  inputs(): InputInfo[] {
    return this.#options.inputs.map((location, input) => {
      const { functions, vulnerable, hash } = this.#inputs[input]!;
      return { location, functions, vulnerable, sha256: hash.copy().digest('hex') };
    });
  }
}

/** The UTC day; an empty text counts as no date. @throws VultuneError `DATASET_DATE` for what is not ISO 8601. */
function dayOfRecord({ date }: DatasetRecord, file: string, line: number): string | undefined {
  if (date === undefined || date.trim() === '') return undefined;
  const day = utcDay(date);
  if (day !== undefined) return day;
  throw new VultuneError('DATASET_DATE', `"date" is ${JSON.stringify(date)}, expected an ISO 8601 date`, {
    where: { file, line, name: 'date' },
    hint: 'write 2021-09-04 or 2021-09-04T10:00:00+02:00, or leave the field out: undated functions go to train',
  });
}

function checkClasses(items: readonly PlanItem[], { sides }: SplitPlan, inputs: readonly string[]): void {
  const kept = items.filter((_, at) => sides[at] !== undefined);
  const positives = kept.filter(({ target }) => target === 1).length;
  if (positives > 0 && positives < kept.length) return;
  const found = `${positives} vulnerable (target 1) and ${kept.length - positives} other functions (target 0)`;
  throw new VultuneError('DATASET_ONE_CLASS', `found ${found} to split, expected some of both`, {
    where: { file: inputs[0]! },
    hint: 'a classifier can be neither trained nor evaluated on one class: add functions of the other',
  });
}

function onlyOnce(): VultuneError {
  return new VultuneError(
    'DATASET_OPTION',
    'standard input can be read only once, but this command reads it twice',
    {
      where: { name: '-' },
      hint: 'write it to a file first',
    },
  );
}

function changedMeanwhile(inputs: readonly string[]): VultuneError {
  return new VultuneError('DATASET_CHANGED', 'the input changed while it was read', {
    where: { file: inputs[0]! },
    hint: 'run the command again once nothing writes to it',
  });
}
