/**
 * @file The scores that training left of its validation and test functions, and which detector and which file they are of:
 * read again only for that detector, and only as they were written.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { hashFile } from '../../base/hash-file.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { readBlend } from '../../evaluation/blend/blend-file.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { scoringIdentity } from './scoring-identity.ts';

/** Beside the predictions. */
const FILE = 'scored-by.json';
const SPLITS = ['valid', 'test'] as const;
export type PredictedSplit = (typeof SPLITS)[number];

const scoredBy = z.object({
  formatVersion: z.literal(1),
  detector: z.string(),
  /** Of the blend's scores among them; missing where there was no blend. */
  blend: z.string().optional(),
  /** SHA-256 of the predictions, by split. */
  predictions: z.record(z.string(), z.string()),
});

/** Called when predictions and adapter are written. */
export async function recordScoredBy(predictions: string, adapter: AdapterHeader): Promise<void> {
  const hashes: Record<string, string> = {};
  for (const split of SPLITS) {
    const file = join(predictions, `${split}.jsonl`);
    if (existsSync(file)) hashes[split] = (await hashFile(file)).sha256;
  }
  const detector = await scoringIdentity(adapter);
  const blend = readBlend(adapter.folder);
  writeFileAtomic(
    join(predictions, FILE),
    `${JSON.stringify({ formatVersion: 1, detector, blend: blend?.fingerprint, predictions: hashes })}\n`,
  );
}

/**
 * [N] raw scores of these records. Undefined where they are of another detector, were edited, or are not of these records: they
 * are then computed.
 */
export async function ownScores(
  predictions: string,
  split: PredictedSplit,
  adapter: AdapterHeader,
  records: readonly LabelledRecord[],
): Promise<Float64Array | undefined> {
  if ((await scoresAreOf(predictions, split, adapter)) !== 'this adapter') return undefined;
  const lines = readTextFile(join(predictions, `${split}.jsonl`))
    .trimEnd()
    .split('\n');
  if (lines.length !== records.length) return undefined;
  const rows = lines.map((line) => jsonOrUndefined(prediction, line));
  const fit = rows.every((row, i) => row !== undefined && row.target === records[i]!.target);
  return fit ? Float64Array.from(rows, (row) => row!.raw_score) : undefined;
}

const prediction = z.object({ raw_score: z.number().min(0).max(1), target: z.literal([0, 1]) });

/**
 * Whose the scores of a split are; with a fingerprint, those of the blend among them. `unknown`: older runs, and adapters that do not name their base model, keep no word of it.
 */
export async function scoresAreOf(
  predictions: string,
  split: PredictedSplit,
  adapter: AdapterHeader,
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
