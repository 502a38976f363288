/** @file What `lines` reads: records of any dataset, with the lines that a fix changed where they are known, or a source file. */

import { readDataset } from '../../dataset/formats/read-dataset.ts';
import type { DatasetRecord } from '../../dataset/record.ts';
import { languageOfPath } from '../../source/languages.ts';
import type { WorkflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { readPredictionInputs } from '../predict/prediction-inputs.ts';
import { reportReading } from '../reading-notes.ts';
import { readingProgress } from '../reading-progress.ts';
import type { LineInput, LinesOptions } from './lines-options.ts';

/** Everything is read and checked before anything is computed. Throws what the readers throw. */
export async function readLineInputs(
  reference: string,
  { run, fields, stdin }: LinesOptions,
  context: WorkflowContext,
): Promise<readonly LineInput[]> {
  const data = await openDataFile(reference, context);
  if (languageOfPath(data) !== undefined) {
    const found = await readPredictionInputs(data, context, { run });
    return found.map(({ id, code, context: inFront, place }) => ({
      id,
      code,
      context: inFront,
      path: data,
      name: place?.function_name ?? undefined,
      firstLine: place?.line ?? 1,
    }));
  }
  const progress = readingProgress(context.report);
  try {
    const read = await readDataset(data, {
      requireTarget: false,
      fields,
      signal: context.signal,
      ...(stdin === undefined ? {} : { stdin }),
      onProgress: progress.onProgress,
    });
    progress.stop();
    reportReading(data, read, context.report);
    return read.records.map((record, i) => inputOf(record, i + 1));
  } finally {
    progress.stop();
  }
}

function inputOf(record: DatasetRecord, number: number): LineInput {
  const { id = number, code, target, path, function_name: name, commit, project, pair } = record;
  const vulnerableLines = lineNumbers(record.vulnerable_lines);
  return { id, code, name, path, firstLine: 1, target, vulnerableLines, commit, project, pair };
}

function lineNumbers(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.filter((line): line is number => Number.isInteger(line) && Number(line) >= 1);
  return [...new Set(numbers)].sort((a, b) => a - b);
}
