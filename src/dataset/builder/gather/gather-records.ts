/**
 * @file A source of labelled records in gathered files of some thousands: each with what tells equal and nearly equal ones.
 * Gathered again unless the source says by a key which records it has.
 */

import { ReasonTally } from '../../../base/tally.ts';
import { OwnShare } from '../../../shards/own-share.ts';
import { refusalReason } from '../../../source/source-refusal.ts';
import type { WorkerJob } from '../../../workers/worker-job.ts';
import { countTokens } from '../../changes/count-tokens.ts';
import { bodyKey } from '../../duplicates/exact-duplicates.ts';
import { sketchText } from '../../duplicates/min-hash.ts';
import { normalisedCode } from '../../duplicates/normalised-code.ts';
import type { DatasetRecord } from '../../record.ts';
import type { RecordSource } from '../../source.ts';
import type { GatherContext, GatheredUnit } from './gather-context.ts';
import { GatheredFileWriter, type GatheredMeta, type GatheredSummary, readSummary } from './gathered-file.ts';

/** Records that a worker takes at once: a job has its price. */
const BATCH = 256;
/** Records in one gathered file; a multiple of `BATCH`. */
const UNIT_RECORDS = 64 * BATCH;

export interface TextInput {
  readonly code: string;
  readonly language?: string;
}

export interface TextMarks {
  readonly body: string;
  readonly sketch: string;
  readonly tokens: number;
}

export function markTexts(inputs: readonly TextInput[]): readonly TextMarks[] {
  return inputs.map(({ code, language }) => {
    const text = normalisedCode(code, language);
    const sketch = Buffer.from(sketchText(text)).toString('base64');
    return { body: bodyKey(text), sketch, tokens: countTokens(text) };
  });
}

export const MARK_TEXTS_JOB: WorkerJob<readonly TextInput[], readonly TextMarks[]> = {
  url: import.meta.url,
  name: 'markTexts',
  run: markTexts,
};

/** Units of `UNIT_RECORDS` each: what a stop in the middle of a million does not take away. @throws VultuneError as the source. */
export async function gatherRecords(source: RecordSource, gathering: GatherContext): Promise<GatheredUnit[]> {
  const { info } = source;
  const { share, context } = gathering;
  const cacheKey = share.isPortable ? undefined : source.cacheKey;
  const pathOf = (part: string) =>
    share.pathOf(JSON.stringify(['records', cacheKey ?? [info, gathering.source], part]));
  const unitsOf = (whole: GatheredSummary): GatheredUnit[] =>
    Array.from({ length: whole.units ?? 0 }, (_, number) => number).flatMap((number) => {
      const path = pathOf(String(number));
      if (path === undefined) return [];
      const summary = {
        ...NOTHING_LEFT_OUT,
        // What the source left out is told once.
        files: sumOf(number === 0 ? whole.files : {}, readSummary(path)?.files ?? {}),
      };
      const recordsBefore = number * UNIT_RECORDS;
      const { name: sourceName } = info;
      return [{ path, summary, facts: undefined, sourceName, source: gathering.source, recordsBefore }];
    });
  const wholePath = pathOf('whole');
  const mayBeKnown = share.isWhole || cacheKey !== undefined;
  const known = mayBeKnown && wholePath !== undefined ? readSummary(wholePath) : undefined;
  if (known !== undefined) {
    const units = unitsOf(known);
    if (units.every(({ path }) => readSummary(path) !== undefined)) return units;
  }
  const files = new ReasonTally();
  let readShare = 0;
  let passed = 0;
  const own = new OwnShare(share.shard);
  const records = source.records({
    ...context,
    tally: files,
    onShare: (now) => {
      readShare = now;
    },
  });
  const onRecords = (count: number, isOwn: boolean) => {
    passed += count;
    own.divide(count, isOwn ? count : 0);
    const total = readShare > 0 ? own.ownOf(Math.max(passed, passed / readShare)) : 0;
    context.onProgress?.({ phase: 'fetch', done: own.own, total, message: info.name });
  };
  let units = 0;
  let unit: RecordUnit | undefined;
  try {
    for await (const record of records) {
      context.signal.throwIfAborted();
      if (record.target === undefined) {
        files.add('record without a label');
        continue;
      }
      if (unit === undefined || unit.count === UNIT_RECORDS) {
        await unit?.finish();
        unit = new RecordUnit(pathOf(String(units++)), cacheKey !== undefined, gathering, onRecords);
      }
      share.onRecord?.(record.code);
      await unit.add(record);
    }
    unit ??= new RecordUnit(pathOf(String(units++)), false, gathering, onRecords);
    await unit.finish();
  } finally {
    await unit?.close();
  }
  const whole: GatheredSummary = { ...NOTHING_LEFT_OUT, files: files.counts(), units };
  if (wholePath === undefined) return unitsOf(whole);
  const writer = new GatheredFileWriter(wholePath);
  try {
    writer.commit(whole);
  } finally {
    writer.discard();
  }
  return unitsOf(whole);
}

function sumOf(...counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const tally = new ReasonTally();
  for (const one of counts) tally.addAll(one);
  return tally.counts();
}

const NOTHING_LEFT_OUT: GatheredSummary = { changed: 0, added: 0, deleted: 0, files: {}, functions: {} };

/** One gathered file in the making, or one that an earlier build made: then its records are passed over. */
class RecordUnit {
  count = 0;
  readonly #gathering: GatherContext;
  readonly #onRecords: (count: number, isOwn: boolean) => void;
  readonly #isOwn: boolean;
  readonly #writer: GatheredFileWriter | undefined;
  readonly #running: Promise<readonly [readonly DatasetRecord[], readonly MarksOrRefusal[]]>[] = [];
  /** Why records are left out. */
  readonly #refusals = new ReasonTally();
  #batch: DatasetRecord[] = [];

  /** @param path undefined for another shard's: its records are passed over too */
  constructor(
    path: string | undefined,
    mayBeKnown: boolean,
    gathering: GatherContext,
    onRecords: (count: number, isOwn: boolean) => void,
  ) {
    this.#gathering = gathering;
    this.#onRecords = onRecords;
    this.#isOwn = path !== undefined;
    const isKnown = path === undefined || (mayBeKnown && readSummary(path) !== undefined);
    this.#writer = isKnown ? undefined : new GatheredFileWriter(path);
  }

  async add(record: DatasetRecord): Promise<void> {
    this.count++;
    if (this.#writer === undefined) {
      if (this.count % BATCH === 0) this.#onRecords(BATCH, this.#isOwn);
      return;
    }
    this.#batch.push(record);
    if (this.#batch.length < BATCH) return;
    this.#start();
    if (this.#running.length > this.#gathering.pool.concurrency) await this.#finishOne();
  }

  async finish(): Promise<void> {
    if (this.#batch.length > 0) this.#start();
    while (this.#running.length > 0) await this.#finishOne();
    this.#writer?.commit({ ...NOTHING_LEFT_OUT, files: this.#refusals.counts() });
  }

  /** Takes away what is not whole. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#writer?.discard();
  }

  #start(): void {
    const { pool, context } = this.#gathering;
    const records = this.#batch;
    this.#batch = [];
    const inputs = records.map(({ code, language }) => ({
      code,
      ...(language === undefined ? {} : { language }),
    }));
    const marks = marksOf(inputs, (some) => pool.run(MARK_TEXTS_JOB, some, context.signal));
    this.#running.push(marks.then((found) => [records, found] as const));
  }

  async #finishOne(): Promise<void> {
    const [records, marks] = await this.#running.shift()!;
    for (const [index, record] of records.entries()) {
      const found = marks[index]!;
      if (typeof found === 'string') this.#refusals.add(`record that ${found}`);
      else this.#writer!.add(metaOf(record, found), record);
    }
    this.#onRecords(records.length, this.#isOwn);
  }
}

/** What tells a record's text, or why the text was refused. */
type MarksOrRefusal = TextMarks | string;

/** Texts of a batch that reaches a limit are tried one by one: the others of it are kept. */
async function marksOf(
  inputs: readonly TextInput[],
  run: (inputs: readonly TextInput[]) => Promise<readonly TextMarks[]>,
): Promise<readonly MarksOrRefusal[]> {
  try {
    return await run(inputs);
  } catch (error) {
    const refusal = refusalReason(error);
    if (refusal === undefined) throw error;
    if (inputs.length === 1) return [refusal];
    const found: MarksOrRefusal[] = [];
    for (const input of inputs) found.push(...(await marksOf([input], run)));
    return found;
  }
}

function metaOf(record: DatasetRecord, marks: TextMarks): GatheredMeta {
  const { target, set, pair, project, commit, date, cve, path } = record;
  const split = record.split;
  const said = {
    set,
    pair,
    project,
    commit,
    date,
    cve,
    split: typeof split === 'string' ? split : undefined,
  };
  const label = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    role: 'record',
    ...marks,
    ...(path === undefined ? {} : { path }),
    label: { target: target!, ...label },
  };
}
