/** @file Compares two models on the same functions: whether their difference is more than noise. */
import { VultuneError } from '../../base/errors.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { calibrateAll } from '../../evaluation/calibration/calibration.ts';
import { compareModels, type ModelComparison } from '../../evaluation/compare-models.ts';
import { clusterRecords } from '../../evaluation/resampling/clusters.ts';
import { DEFAULT_RESAMPLES } from '../../evaluation/resampling/resample.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import {
  checkContamination,
  contaminationCounts,
  readEvaluated,
  runFiles,
} from '../evaluate/evaluation-files.ts';
import type { ResamplingOptions } from '../evaluate/resampling-options.ts';
import { ScoringRun } from '../evaluate/scoring-run.ts';
import { openDataFile } from '../open/open-data-file.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import { reportReading } from '../reading-notes.ts';

export interface CompareOptions extends DeviceOptions, ResamplingOptions {
  /** Two run folders or PEFT adapter folders. */
  readonly runs: readonly [string, string];
  /** Functions with labels; default: the test file that both runs name. */
  readonly data?: string | undefined;
  /** Record field → column of `data`; default: as the runs read their files, else guessed by name. */
  readonly fields?: Columns | undefined;
  /** Tokens of a function that are read; default: each adapter's own. */
  readonly maxLength?: number | undefined;
}

export interface ComparedRuns extends ModelComparison {
  readonly runs: readonly [string, string];
  /** The file that they were compared on. */
  readonly data: string;
}

/** @throws VultuneError `COMPARE_NO_DATA`; as evaluation; the signal's reason */
export async function compare(
  options: CompareOptions,
  given?: Partial<WorkflowContext>,
): Promise<ComparedRuns> {
  const context = workflowContext(given);
  const { signal, report } = context;
  const [first, second] = options.runs.map((run) => new ScoringRun({ ...options, run }, context)) as [
    ScoringRun,
    ScoringRun,
  ];
  const data = options.data ?? commonTestFile(first, second);
  const path = await openDataFile(data, context);
  const read = await readEvaluated(path, [first, second], options.fields);
  reportReading(data, read, report);
  const { records } = read;
  const { found, rows } = await checkContamination(records, [first, second], context);
  if (rows.size > 0) {
    report.warn(
      `CONTAMINATED: ${contaminationCounts(records, found!)}; a model that saw them in training has an advantage`,
    );
  }
  const scored = [];
  for (const run of [first, second]) {
    try {
      const scores = calibrateAll(run.calibration, await run.rawScores('scoring', path, records));
      scored.push({ scores, threshold: run.threshold });
    } finally {
      await run.close();
    }
  }
  const { cluster, resamples = DEFAULT_RESAMPLES } = options;
  const intervals = report.task({ label: 'intervals', total: resamples, unit: 'steps' });
  try {
    const comparison = await compareModels(records, scored[0]!, scored[1]!, {
      clusters: clusterRecords(records, cluster),
      resamples,
      signal,
      onProgress: (done) => intervals.update({ done }),
    });
    return { runs: options.runs, data, ...comparison };
  } finally {
    intervals.stop();
  }
}

function commonTestFile(first: ScoringRun, second: ScoringRun): string {
  const [a, b] = [first, second].map(({ run }) => run?.record.data.test_file?.sha256);
  const path = runFiles(first).test;
  if (path !== undefined && a === b) return path;
  throw new VultuneError(
    'COMPARE_NO_DATA',
    a === undefined || b === undefined
      ? 'not both runs name a test file'
      : 'the runs were tested on different files',
    { where: { name: 'data' }, hint: 'Give the functions to compare on with --data FILE.' },
  );
}
