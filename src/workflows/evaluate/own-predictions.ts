/**
 * @file The scores that training left of its validation and test functions, and which detector and which file they are of:
 * read again only for that detector, and only as they were written.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCweHead } from '../../adapters/files/cwe-head-files.ts';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { hashFile } from '../../base/hash-file.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { readBlend } from '../../evaluation/blend/blend-file.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { cweIdSchema } from '../../evaluation/cwe/measured-cwe.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { type ScoredBy, scoringIdentity } from './scoring-identity.ts';

/** Beside the predictions. */
const FILE = 'scored-by.json';
const SPLITS = ['valid', 'test'] as const;
export type PredictedSplit = (typeof SPLITS)[number];

const scoredBy = z.object({
  formatVersion: z.literal(1),
  detector: z.string(),
  /** Fingerprint of the blend whose scores are among them; missing without one. */
  blend: z.string().optional(),
  /** Fingerprint of the CWE head whose guesses are among them; missing without one. */
  cweHead: z.string().optional(),
  /** SHA-256 of the predictions, by split. */
  predictions: z.record(z.string(), z.string()),
});

/** Called when predictions and adapter are written. */
export async function recordScoredBy(predictions: string, adapter: ScoredBy): Promise<void> {
  const hashes: Record<string, string> = {};
  for (const split of SPLITS) {
    const file = join(predictions, `${split}.jsonl`);
    if (existsSync(file)) hashes[split] = (await hashFile(file)).sha256;
  }
  const detector = await scoringIdentity(adapter);
  const blend = readBlend(adapter.folder);
  const cweHead = readCweHead(adapter.folder)?.fingerprint;
  writeFileAtomic(
    join(predictions, FILE),
    `${JSON.stringify({ formatVersion: 1, detector, blend: blend?.fingerprint, cweHead, predictions: hashes })}\n`,
  );
}

/**
 * [N] raw scores of these records. Undefined where they are of another detector, were edited, or are not of these records: they
 * are then computed.
 */
export async function ownScores(
  predictions: string,
  split: PredictedSplit,
  adapter: ScoredBy,
  records: readonly LabelledRecord[],
): Promise<Float64Array | undefined> {
  const rows = await ownRows(predictions, split, adapter, records);
  return rows && Float64Array.from(rows, ({ raw_score }) => raw_score);
}

/** [N] what its CWE head said of these records, where it was asked; undefined as for {@link ownScores}, and for another head. */
export async function ownCwes(
  predictions: string,
  split: PredictedSplit,
  adapter: ScoredBy,
  records: readonly LabelledRecord[],
): Promise<readonly (readonly CweProbability[] | undefined)[] | undefined> {
  const rows = await ownRows(predictions, split, adapter, records);
  if (rows === undefined) return undefined;
  const by = jsonOrUndefined(scoredBy, readTextFile(join(predictions, FILE)));
  const own = readCweHead(adapter.folder)?.fingerprint;
  return own !== undefined && by?.cweHead === own ? rows.map(({ cwe }) => cwe) : undefined;
}

async function ownRows(
  predictions: string,
  split: PredictedSplit,
  adapter: ScoredBy,
  records: readonly LabelledRecord[],
): Promise<readonly z.output<typeof prediction>[] | undefined> {
  if ((await scoresAreOf(predictions, split, adapter)) !== 'this adapter') return undefined;
  const lines = readTextFile(join(predictions, `${split}.jsonl`))
    .trimEnd()
    .split('\n');
  if (lines.length !== records.length) return undefined;
  const rows = lines.flatMap((line) => jsonOrUndefined(prediction, line) ?? []);
  const fit = rows.length === lines.length && rows.every((row, i) => row.target === records[i]!.target);
  return fit ? rows : undefined;
}

const share = z.number().min(0).max(1);
const prediction = z.object({
  raw_score: share,
  target: z.literal([0, 1]),
  cwe: z.array(z.object({ id: cweIdSchema, probability: share })).optional(),
});

/**
 * Whose the scores of a split are; with a fingerprint, those of the blend among them. `unknown`: older runs, and adapters that do not name their base model, keep no word of it.
 */
export async function scoresAreOf(
  predictions: string,
  split: PredictedSplit,
  adapter: ScoredBy,
  blendFingerprint?: string,
): Promise<'this adapter' | 'another' | 'unknown'> {
  const [by, file] = [join(predictions, FILE), join(predictions, `${split}.jsonl`)];
  if (!existsSync(by) || !existsSync(file)) return 'unknown';
  const kept = jsonOrUndefined(scoredBy, readTextFile(by));
  if (kept === undefined) return 'unknown';
  if (kept.detector !== (await scoringIdentity(adapter))) return 'another';
  if (blendFingerprint !== undefined && kept.blend !== blendFingerprint) return 'another';
  return kept.predictions[split] === (await hashFile(file)).sha256 ? 'this adapter' : 'another';
}
