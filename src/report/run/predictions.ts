/** @file The stored scores of a run's set, and the functions that were scored where their file is unchanged. */
import { existsSync } from 'node:fs';
import { readTextFile } from '../../base/files.ts';
import { readLabelledDataset } from '../../dataset/formats/read-dataset.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { fingerprintFile } from '../../runs/environment.ts';
import type { Run } from '../../runs/run-folder.ts';
import { checkJson } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';

const prediction = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  score: z.number().min(0).max(1),
  target: z.literal([0, 1]),
});

export interface Prediction {
  readonly id: string | number;
  readonly score: number;
  readonly target: 0 | 1;
}

/** None where there is no file. @throws VultuneError `RUN_PREDICTIONS_BROKEN` */
export function readPredictions(path: string): Prediction[] {
  if (!existsSync(path)) return [];
  return readTextFile(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => parsePrediction(line, path, i + 1));
}

function parsePrediction(text: string, file: string, line: number): Prediction {
  const {
    id = line,
    score,
    target,
  } = checkJson(prediction, text, {
    code: 'RUN_PREDICTIONS_BROKEN',
    file,
    line,
  });
  return { id, score, target };
}

/** The functions that were scored; `undefined` when their file is gone or is not what it was. */
export async function readOwnRecords(
  { record }: Run,
  name: 'valid' | 'test',
  predictions: readonly Prediction[],
): Promise<readonly LabelledRecord[] | undefined> {
  if (predictions.length === 0) return [];
  const file = record.data[`${name}_file`];
  if (file === undefined || !existsSync(file.path)) return undefined;
  if ((await fingerprintFile(file.path)).sha256 !== file.sha256) return undefined;
  const { records } = await readLabelledDataset(file.path, { fields: file.columns });
  return records.length === predictions.length ? records : undefined;
}
