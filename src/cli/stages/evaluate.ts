/** @file `vultune evaluate`: a detector on labelled functions, beside its baselines. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readLabelledRecords, requireBothClasses } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Detector } from '../../detector/detector.ts';
import { allPositive } from '../../evaluation/baselines/all-positive.ts';
import { compareWithBaselines, fitBaselines } from '../../evaluation/compare-baselines.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import { openRun } from '../../runs/run-folder.ts';
import type { EvaluateRequest } from '../commands/evaluate.ts';
import type { CliContext } from '../context.ts';
import { comparisonJson } from './comparison-json.ts';
import { evaluationTable } from './evaluation-table.ts';
import { openDetector } from './open-detector.ts';
import { withScoringProgress } from './scoring-progress.ts';

export async function evaluateStage(request: EvaluateRequest, context: CliContext): Promise<void> {
  const { stdout, stderr } = context;
  const test = await readLabelledRecords(request.data);
  const own = runFiles(request.run);
  const train = await readOptional(request.train ?? own.train, request.train !== undefined);
  if (train !== undefined) requireBothClasses(train, request.train ?? own.train!);
  // The baselines choose their settings on validation as the model did.
  const validation = await readOptional(request.valid ?? own.valid, request.valid !== undefined);
  const detector = await openDetector(request, context);
  try {
    const scores = await score(detector, 'scoring', test, context);
    const threshold =
      request.valid === undefined
        ? detector.threshold
        : thresholdFor({
            records: validation!,
            scores: await score(detector, 'validation', validation!, context),
          });
    if (train === undefined) {
      stderr.write(
        `${stderr.colors.warning('no training file is known: length only and TF-IDF are left out; give --train FILE')}\n`,
      );
    }
    const baselines =
      train === undefined
        ? fitBaselines({ train: test, baselines: [allPositive] })
        : fitBaselines({ train, validation: validation ?? [] });
    const comparison = compareWithBaselines({ test, scores, threshold }, baselines);
    if (request.json) {
      const json = { run: request.run, data: request.data, ...comparisonJson(comparison) };
      stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    } else {
      stdout.write(evaluationTable(comparison, stdout));
      stdout.write(`\nthreshold ${threshold.toPrecision(4)}\n`);
    }
  } finally {
    await detector.close();
  }
}

async function score(
  detector: Detector,
  label: string,
  records: readonly LabelledRecord[],
  { stderr, signal }: CliContext,
): Promise<Float64Array> {
  const codes = records.map(({ code }) => code);
  const { scores } = await withScoringProgress(label, records.length, stderr, (onProgress) =>
    detector.judge(codes, { signal, onProgress: ({ functions }) => onProgress(functions) }),
  );
  return scores;
}

/** Files that the run was trained and validated on, where it says so. */
function runFiles(folder: string): { readonly train?: string; readonly valid?: string } {
  if (!existsSync(join(folder, 'run.json'))) return {};
  const { data } = openRun(folder).record;
  return {
    ...(data.train_file === undefined ? {} : { train: data.train_file.path }),
    ...(data.valid_file === undefined ? {} : { valid: data.valid_file.path }),
  };
}

/** A file that the user named must be there; one that the run remembers may be gone. */
async function readOptional(
  path: string | undefined,
  isRequired: boolean,
): Promise<readonly LabelledRecord[] | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readLabelledRecords(path);
  } catch (error) {
    if (!isRequired && error instanceof VultuneError && error.code === 'DATASET_FILE_MISSING')
      return undefined;
    throw error;
  }
}
