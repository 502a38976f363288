/** @file Compares two models, or two groups of runs, on the same functions: whether their difference is more than noise. */
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
  /** Two run folders or PEFT adapter folders; or two groups of them, each one setting under several seeds. */
  readonly runs: readonly [string | readonly string[], string | readonly string[]];
  /** Functions with labels; default: the test file that both runs name. */
  readonly data?: string | undefined;
  /** Record field → column of `data`; default: as the runs read their files, else guessed by name. */
  readonly fields?: Columns | undefined;
  /** Tokens of a function that are read; default: each adapter's own. */
  readonly maxLength?: number | undefined;
}

export interface ComparedRuns extends ModelComparison {
  readonly runs: readonly [readonly string[], readonly string[]];
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
  const names = options.runs.map((group) => [group].flat()) as [string[], string[]];
  requireMembers(names);
  const runs = names.flat().map((run) => new ScoringRun({ ...options, run }, context));
  const data = options.data ?? commonTestFile(runs);
  const path = await openDataFile(data, context);
  const read = await readEvaluated(path, runs, options.fields);
  reportReading(data, read, report);
  const { records } = read;
  const { found, rows } = await checkContamination(records, runs, context);
  if (rows.size > 0) {
    report.warn(
      `CONTAMINATED: ${contaminationCounts(records, found!)}; a model that saw them in training has an advantage`,
    );
  }
  const scored = [];
  for (const run of runs) {
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
    const comparison = await compareModels(
      records,
      scored.slice(0, names[0].length),
      scored.slice(names[0].length),
      {
        clusters: clusterRecords(records, cluster),
        resamples,
        signal,
        onProgress: (done) => intervals.update({ done }),
      },
    );
    return { runs: names, data, ...comparison };
  } finally {
    intervals.stop();
  }
}

function requireMembers(groups: readonly (readonly string[])[]): void {
  const [first, second] = groups;
  const twice = first!.find((run, i) => second!.includes(run) || first!.indexOf(run) !== i);
  if (first!.length > 0 && second!.length > 0 && (twice === undefined || groups.flat().length === 2)) return;
  throw new VultuneError(
    'COMPARE_GROUPS',
    twice === undefined ? 'a group holds no run' : `${twice} is named twice`,
    { where: { name: 'runs' }, hint: 'each run belongs to one of the two groups, once' },
  );
}

function commonTestFile(runs: readonly ScoringRun[]): string {
  const hashes = runs.map(({ run }) => run?.record.data.test_file?.sha256);
  const path = runFiles(runs[0]!).test;
  if (path !== undefined && hashes.every((hash) => hash === hashes[0])) return path;
  throw new VultuneError(
    'COMPARE_NO_DATA',
    hashes.includes(undefined)
      ? `not ${runs.length === 2 ? 'both' : 'all'} runs name a test file`
      : 'the runs were tested on different files',
    { where: { name: 'data' }, hint: 'Give the functions to compare on with --data FILE.' },
  );
}
