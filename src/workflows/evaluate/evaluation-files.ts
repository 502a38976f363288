/** @file The files of an evaluation: test, training, validation, and what of the test file was trained on. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { type ReadDataset, readLabelledDataset } from '../../dataset/formats/read-dataset.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import {
  type Contamination,
  compareFingerprints,
  fingerprintInTurns,
  parseFingerprints,
  type TrainingFingerprints,
} from '../../evaluation/contamination.ts';
import { fingerprintFile } from '../../runs/environment.ts';
import type { RunningTask, WorkflowContext } from '../context.ts';
import type { ScoringRun } from './scoring-run.ts';

/** Beside the adapter, so that it travels with it. */
export const FINGERPRINTS_FILE = 'training_functions.bin';

export interface EvaluationFiles {
  readonly train: string | undefined;
  readonly valid: string | undefined;
  readonly test: string | undefined;
}

/** Files that the run was trained, validated and tested on, where it says so. */
export function runFiles({ run }: ScoringRun): EvaluationFiles {
  const data = run?.record.data ?? {};
  return { train: data.train_file?.path, valid: data.valid_file?.path, test: data.test_file?.path };
}

/** A file as the user says that it is to be read, else as the runs read theirs. */
export async function readEvaluated(
  path: string,
  runs: readonly ScoringRun[],
  fields?: Columns,
): Promise<ReadDataset<LabelledRecord>> {
  const recorded = runs.flatMap(({ run }) => Object.values(run?.record.data ?? {}));
  const own = recorded.find((file) => file.path === path && file.columns !== undefined);
  const usual = own ?? recorded.find(({ columns }) => columns !== undefined);
  return await readLabelledDataset(path, { fields, usual: usual?.columns });
}

/** A file that the user named must be there; one that the run remembers may be gone. */
export async function readOptional(
  path: string | undefined,
  isRequired: boolean,
  runs: readonly ScoringRun[],
  fields?: Columns,
): Promise<readonly LabelledRecord[] | undefined> {
  if (path === undefined || (!isRequired && !existsSync(path))) return undefined;
  return (await readEvaluated(path, runs, isRequired ? fields : undefined)).records;
}

export interface CheckedContamination {
  /** Undefined when nothing is known of the training functions. */
  readonly found: Contamination | undefined;
  /** Rows of the test file that were trained on, ascending. */
  readonly rows: ReadonlySet<number>;
}

/** By the fingerprints in the adapters; without them, by the run's training file, if that is still there. */
export async function checkContamination(
  test: readonly LabelledRecord[],
  runs: readonly ScoringRun[],
  context: WorkflowContext,
): Promise<CheckedContamination> {
  const rows = new Set<number>();
  let own: TrainingFingerprints | undefined;
  let found: Contamination | undefined;
  for (const run of runs) {
    const training = await trainingFingerprints(run, context);
    if (training === undefined) continue;
    own ??= await fingerprint(test, 'test functions', context);
    const contamination = compareFingerprints(own, training);
    found ??= contamination;
    if (contamination.exact.length + contamination.near.length > found.exact.length + found.near.length) {
      found = contamination;
    }
    for (const row of [...contamination.exact, ...contamination.near]) rows.add(row);
  }
  return { found, rows };
}

async function trainingFingerprints(
  run: ScoringRun,
  context: WorkflowContext,
): Promise<TrainingFingerprints | undefined> {
  // What a published model was trained on is not known; the run's training file is that of the baselines.
  if ('prompted' in run.scoredBy) return undefined;
  const file = join(run.scoredBy.folder, FINGERPRINTS_FILE);
  if (existsSync(file)) return parseFingerprints(readFileSync(file), file);
  const records = await readOptional(runFiles(run).train, false, [run]);
  return records === undefined ? undefined : fingerprint(records, 'training functions', context);
}

async function fingerprint(
  records: readonly LabelledRecord[],
  phase: string,
  { report, signal }: WorkflowContext,
): Promise<TrainingFingerprints> {
  let progress: RunningTask | undefined;
  const onProgress = (done: number) => {
    // Nothing is shown for what is done in a moment.
    if (done < WORTH_SHOWING) return;
    const task = { label: 'contamination', total: records.length, unit: 'functions' } as const;
    progress ??= report.task(task);
    progress.update({ done, phase });
  };
  try {
    return await fingerprintInTurns(records, { signal, onProgress });
  } finally {
    progress?.stop();
  }
}

const WORTH_SHOWING = 5000;

/** Whether the file is the one that chose a run's checkpoint, calibration and threshold. */
export async function isValidationOf(path: string, runs: readonly ScoringRun[]): Promise<boolean> {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const { sha256 } = await fingerprintFile(path);
  return runs.some(({ run }) => run?.record.data.valid_file?.sha256 === sha256);
}

const SHOWN = 5;

/** "3 of 95 test functions were trained on (2 the same, 1 nearly)". */
export function contaminationCounts(test: readonly LabelledRecord[], { exact, near }: Contamination): string {
  return `${exact.length + near.length} of ${test.length} test functions were trained on (${exact.length} the same, ${near.length} nearly)`;
}

/** Names counts and the first few. */
export function contaminationError(
  test: readonly LabelledRecord[],
  contamination: Contamination,
  file: string,
): VultuneError {
  const { exact, near } = contamination;
  const named = [
    ...exact.map((row) => [row, 'the same'] as const),
    ...near.map((row) => [row, 'nearly'] as const),
  ]
    .slice(0, SHOWN)
    .map(([row, how]) => `${test[row]!.id ?? test[row]!.function_name ?? `record ${row + 1}`} (${how})`);
  const more = exact.length + near.length - named.length;
  return new VultuneError(
    'EVALUATION_CONTAMINATED',
    `${contaminationCounts(test, contamination)}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    {
      where: { file },
      hint: '--drop-contaminated leaves them out, --allow-contamination keeps them and says so beside the figures.',
    },
  );
}
