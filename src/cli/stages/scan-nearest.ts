/** @file Adds the nearest known vulnerable function to the findings that show their code, where the run's training data is still there. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readLabelledRecords } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { openRun } from '../../runs/run-folder.ts';
import type { Finding } from '../../scan/finding.ts';
import { nearestKnown } from '../../scan/nearest-known.ts';

/** All its functions are read into memory; a pointer for the reader is not worth more. */
const MOST_TRAINING_BYTES = 200_000_000;

/** The findings as they are when there is no run, or its data is gone, changed or too large. */
export async function withNearest(findings: readonly Finding[], run: string): Promise<readonly Finding[]> {
  const codes = findings.flatMap(({ code }) => code ?? []);
  const known = codes.length === 0 ? [] : await vulnerableTrainingFunctions(run);
  if (known.length === 0) return findings;
  const nearest = nearestKnown(known, codes).values();
  return findings.map((finding) => {
    const found = finding.code === undefined ? undefined : nearest.next().value;
    return found === undefined ? finding : { ...finding, nearest: found };
  });
}

async function vulnerableTrainingFunctions(run: string): Promise<readonly LabelledRecord[]> {
  try {
    const file = trainingFile(run);
    const records = file === undefined ? [] : await readLabelledRecords(file);
    return records.filter(({ target }) => target === 1);
  } catch (error) {
    // No run of this version, no longer a data set: no pointer then.
    if (error instanceof VultuneError) return [];
    throw error;
  }
}

function trainingFile(run: string): string | undefined {
  if (!existsSync(join(run, 'run.json'))) return undefined;
  const recorded = openRun(run).record.data.train_file;
  if (recorded === undefined || !existsSync(recorded.path)) return undefined;
  const { size } = statSync(recorded.path);
  return size === recorded.sizeBytes && size <= MOST_TRAINING_BYTES ? recorded.path : undefined;
}
