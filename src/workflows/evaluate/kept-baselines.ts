/**
 * @file Baselines of an evaluation, kept in the run folder: fitting TF-IDF on a large training file takes longer than
 * everything else of a second evaluation. The name of the file says all that they depend on.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { fingerprint } from '../../dataset/fingerprint.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { baselineRegistry } from '../../evaluation/baselines/registry.ts';
import { fitBaselines, type ReadyBaseline } from '../../evaluation/compare-baselines.ts';
import { THRESHOLD_SOURCES } from '../../evaluation/evaluation-row.ts';
import type { Run } from '../../runs/run-folder.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { packageVersions } from '../package-versions.ts';

export interface BaselineFunctions {
  readonly train: readonly LabelledRecord[];
  readonly validation: readonly LabelledRecord[];
  readonly test: readonly LabelledRecord[];
}

export interface BaselineProgress {
  /** Before each is fitted, and when it scores. */
  readonly onBaseline: (label: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Fitted, or as they were fitted before; these score the test functions only. Without a run nothing is kept.
 * @throws the signal's reason, between two baselines
 */
export async function baselinesFor(
  run: Run | undefined,
  functions: BaselineFunctions,
  { onBaseline, signal }: BaselineProgress,
): Promise<readonly ReadyBaseline[]> {
  const { train, validation, test } = functions;
  const path = run && join(run.paths.predictions, `baselines-${keyOf(functions)}.json`);
  const kept = path === undefined ? undefined : readKeptBaselines(path, test.length);
  if (kept !== undefined) return kept;
  const scored: (ReadyBaseline & { readonly scores: Float64Array })[] = [];
  for (const [done, baseline] of baselineRegistry.entries()) {
    onBaseline(baseline.label, done, baselineRegistry.length);
    // A live line is drawn by a timer, and the next computation keeps the thread.
    await setTimeout(train.length < WORTH_DRAWING ? 0 : SCREEN_MS);
    signal.throwIfAborted();
    const [one] = fitBaselines({ train, validation, baselines: [baseline] });
    scored.push({ ...one!, scores: one!.fitted.score(test) });
  }
  const baselines = scored.map(({ baseline, fitted, threshold, thresholdFrom, scores }) => ({
    name: baseline.name,
    threshold,
    thresholdFrom,
    ...(fitted.note === undefined ? {} : { note: fitted.note }),
    scores: Array.from(scores),
  }));
  if (path !== undefined) {
    writeFileAtomic(path, `${JSON.stringify({ checksum: checksum(baselines), baselines })}\n`);
  }
  return scored.map(({ scores, fitted, ...one }) => ({ ...one, fitted: { ...fitted, score: () => scores } }));
}

const SCREEN_MS = 150;
/** Training functions from which fitting takes a while. */
const WORTH_DRAWING = 2000;

/** Vultune's version too: a baseline may have changed. */
function keyOf({ train, validation, test }: BaselineFunctions): string {
  const parts = [train, validation, test].map((records) => fingerprint(records).records);
  const names = baselineRegistry.map(({ name }) => name);
  return createHash('sha256')
    .update(JSON.stringify([parts, names, packageVersions().vultune]))
    .digest('hex')
    .slice(0, 16);
}

const keptBaselines = z.object({
  /** SHA-256 of the rest. */
  checksum: z.string(),
  baselines: z.array(
    z.object({
      name: z.string(),
      threshold: z.number(),
      thresholdFrom: z.enum(THRESHOLD_SOURCES),
      note: z.string().optional(),
      scores: z.array(z.number()),
    }),
  ),
});

type KeptBaseline = z.output<typeof keptBaselines>['baselines'][number];

const checksum = (baselines: readonly KeptBaseline[]) =>
  createHash('sha256').update(JSON.stringify(baselines)).digest('hex').slice(0, 16);

/**
 * Undefined when there is no file, when it is not as it was written (then they are fitted again), or when it lacks a baseline or
 * a score of one of the `functions`.
 */
export function readKeptBaselines(path: string, functions: number): ReadyBaseline[] | undefined {
  if (!existsSync(path)) return undefined;
  const kept = jsonOrUndefined(keptBaselines, readTextFile(path));
  if (kept === undefined || kept.checksum !== checksum(kept.baselines)) return undefined;
  const ready = baselineRegistry.flatMap((baseline): ReadyBaseline[] => {
    const one = kept.baselines.find(({ name }) => name === baseline.name);
    if (one?.scores.length !== functions) return [];
    const { threshold, thresholdFrom, note } = one;
    const scores = Float64Array.from(one.scores);
    return [
      {
        baseline,
        threshold,
        thresholdFrom,
        fitted: { score: () => scores, ...(note === undefined ? {} : { note }) },
      },
    ];
  });
  return ready.length === baselineRegistry.length ? ready : undefined;
}
