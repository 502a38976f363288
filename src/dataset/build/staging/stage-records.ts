/**
 * @file A source of labelled records in one staging file: each with what tells equal and nearly equal ones. Staged again
 * unless the source says which content it has (a hash or a version).
 */
import { bodyKey } from '../../duplicates/exact-duplicates.ts';
import { sketchText } from '../../duplicates/min-hash.ts';
import { normalisedCode } from '../../duplicates/normalised-code.ts';
import type { PoolJob } from '../../functions/extraction-pool.ts';
import type { DatasetRecord } from '../../record.ts';
import { countTokens } from '../changes/analyse-file-change.ts';
import type { RecordSource } from '../source.ts';
import { readSummary, type StagedMeta, StagedUnitWriter, stagedPath } from './staged-unit.ts';
import type { StagedUnit, StagingContext } from './staging-context.ts';
import { ReasonTally } from './tally.ts';

/** Records that a worker takes at once: a job has its price. */
const BATCH = 256;

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

export const MARK_TEXTS_JOB: PoolJob<readonly TextInput[], readonly TextMarks[]> = {
  url: import.meta.url,
  name: 'markTexts',
  run: markTexts,
};

export async function stageRecords(
  source: RecordSource,
  { stagingDir, context, pool }: StagingContext,
): Promise<StagedUnit> {
  const { name, location, version, sha256 } = source.info;
  const path = stagedPath(stagingDir, JSON.stringify(['records', name, location, version, sha256]));
  const result = { path, facts: undefined, sourceName: name };
  const known = sha256 === undefined && version === undefined ? undefined : readSummary(path);
  if (known !== undefined) return { ...result, summary: known };
  const files = new ReasonTally();
  const writer = new StagedUnitWriter(path);
  let done = 0;
  try {
    const running: Promise<readonly [readonly DatasetRecord[], readonly TextMarks[]]>[] = [];
    const finishOne = async () => {
      const [records, marks] = await running.shift()!;
      for (const [index, record] of records.entries()) writer.add(metaOf(record, marks[index]!), record);
      done += records.length;
      context.onProgress?.({ stage: 'fetch', done, total: done, message: name });
    };
    const start = (records: readonly DatasetRecord[]) => {
      const inputs = records.map(({ code, language }) => ({
        code,
        ...(language === undefined ? {} : { language }),
      }));
      running.push(
        pool.run(MARK_TEXTS_JOB, inputs, context.signal).then((marks) => [records, marks] as const),
      );
    };
    try {
      let batch: DatasetRecord[] = [];
      for await (const record of source.records({ ...context, tally: files })) {
        context.signal.throwIfAborted();
        if (record.target === undefined) {
          files.add('record without a label');
          continue;
        }
        batch.push(record);
        if (batch.length < BATCH) continue;
        start(batch);
        batch = [];
        if (running.length > pool.concurrency) await finishOne();
      }
      if (batch.length > 0) start(batch);
      while (running.length > 0) await finishOne();
    } finally {
      await Promise.allSettled(running);
    }
    const summary = { changed: 0, added: 0, deleted: 0, files: files.counts(), functions: {} };
    writer.commit(summary);
    return { ...result, summary };
  } finally {
    writer.discard();
  }
}

function metaOf(record: DatasetRecord, marks: TextMarks): StagedMeta {
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
