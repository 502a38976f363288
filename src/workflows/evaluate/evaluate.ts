/** @file Evaluates one model or several on labelled functions, beside their baselines. */
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { requireBothClasses } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { allPositive } from '../../evaluation/baselines/all-positive.ts';
import {
  type Comparison,
  compareWithBaselines,
  fitBaselines,
  type ReadyBaseline,
  withIntervals,
} from '../../evaluation/compare-baselines.ts';
import { evaluateCwe } from '../../evaluation/cwe/evaluate-cwe.ts';
import { atPrevalence } from '../../evaluation/prevalence.ts';
import { type Clusters, clusterRecords } from '../../evaluation/resampling/clusters.ts';
import { DEFAULT_RESAMPLES } from '../../evaluation/resampling/resample.ts';
import { evaluateSlices } from '../../evaluation/slices/evaluate-slices.ts';
import { standardSlices } from '../../evaluation/slices/standard-slices.ts';
import { type Reporter, type RunningTask, type WorkflowContext, workflowContext } from '../context.ts';
import { recordsCaution } from '../open/adapter-context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { ownTestFile } from '../own-test-file.ts';
import { reportReading } from '../reading-notes.ts';
import { ensembleOf } from './ensemble.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import type { EvaluatedRun, Evaluation } from './evaluation.ts';
import {
  checkContamination,
  contaminationError,
  isValidationOf,
  readEvaluated,
  readOptional,
  runFiles,
} from './evaluation-files.ts';
import { baselinesFor } from './kept-baselines.ts';
import { type PreparedRun, prepareRun } from './prepare-run.ts';
import { ScoringRun } from './scoring-run.ts';

/**
 * Measures models on labelled functions, each figure with a 95% interval, beside baselines that are fitted on the same
 * training file. Scores and baselines are kept in the run folder: a second evaluation of the same file computes neither.
 * @throws VultuneError `EVALUATION_CONTAMINATED` where test functions were trained on, `EVALUATION_SAME_RUN`,
 * `EVALUATION_NO_VALIDATION`; the errors of data files and models; the signal's reason
 */
export async function evaluate(
  request: EvaluateOptions,
  given?: Partial<WorkflowContext>,
): Promise<Evaluation> {
  const context = workflowContext(given);
  requireDistinct(request.runs);
  const path = await openDataFile(request.data ?? ownTestFile(request.runs, context.report), context);
  const runs = request.runs.map((run) => new ScoringRun({ ...request, run }, context));
  const read = await readEvaluated(path, runs, request.fields);
  reportReading(path, read, context.report);
  const file = read.records;
  warnOfContext(file, runs, context.report);
  const contamination = await checkContamination(file, runs, context);
  const { found } = contamination;
  if (contamination.rows.size > 0 && !request.allowContamination && !request.dropContaminated) {
    throw contaminationError(file, found!, path);
  }
  const isKept = (row: number) => !request.dropContaminated || !contamination.rows.has(row);
  const test = file.filter((_, row) => isKept(row));
  if (test.length === 0) {
    throw new VultuneError('EVALUATION_CONTAMINATED', 'every test function was trained on', {
      where: { file: path },
      hint: 'Give functions that the model has not seen.',
    });
  }
  const data = { path, file, isKept };
  const own = runFiles(runs[0]!);
  const train = await readOptional(
    request.train ?? own.train,
    request.train !== undefined,
    runs,
    request.fields,
  );
  if (train !== undefined) requireBothClasses(train, request.train ?? own.train!);
  // The baselines choose their settings on validation as the model did.
  const validPath = request.valid ?? own.valid;
  const validRecords = await readOptional(validPath, request.valid !== undefined, runs, request.fields);
  const validation = validRecords === undefined ? undefined : { path: validPath!, records: validRecords };
  const clusters = clusterRecords(test, request.cluster);
  const prepared: PreparedRun[] = [];
  for (const run of runs) {
    try {
      prepared.push(await prepareRun(run, data, validation, request));
    } finally {
      await run.close();
    }
  }
  const baselines = await readyBaselines(runs[0]!, train, validRecords ?? [], test, context);
  const judge = (run: PreparedRun, beside: readonly ReadyBaseline[], label: string) =>
    evaluateRun(run, beside, { test, clusters, label, request, context });
  const single = prepared.length === 1;
  const evaluated: EvaluatedRun[] = [];
  for (const run of prepared) {
    evaluated.push(await judge(run, single ? baselines : [], single ? 'model' : run.name));
  }
  const ensemble = single
    ? undefined
    : await judge(ensembleOf(prepared, validRecords, request.threshold), baselines, 'ensemble');
  return {
    data: path,
    test,
    evaluated,
    ensemble,
    contamination,
    dropped: file.length - test.length,
    isValidation: await isValidationOf(path, runs),
  };
}

/** The same run twice would make its spread look small. Throws EVALUATION_SAME_RUN. */
function requireDistinct(runs: readonly string[]): void {
  const seen = new Set<string>();
  for (const run of runs) {
    const path = existsSync(run) ? realpathSync(run) : resolve(run);
    if (seen.has(path)) {
      throw new VultuneError(
        'EVALUATION_SAME_RUN',
        `${run} is given twice, but mean and spread are over distinct runs`,
        {
          where: { file: run },
          hint: 'Give each run once.',
        },
      );
    }
    seen.add(path);
  }
}

/** Once for several runs that were trained with the same context. */
function warnOfContext(
  records: readonly LabelledRecord[],
  runs: readonly ScoringRun[],
  report: Reporter,
): void {
  const cautions = runs.map(({ scoredBy }) =>
    'prompted' in scoredBy ? undefined : recordsCaution(scoredBy, records),
  );
  for (const caution of new Set(cautions)) if (caution !== undefined) report.warn(caution);
}

interface RunEvaluation {
  readonly test: readonly LabelledRecord[];
  readonly clusters: Clusters;
  readonly label: string;
  readonly request: EvaluateOptions;
  readonly context: WorkflowContext;
}

async function evaluateRun(
  run: PreparedRun,
  baselines: readonly ReadyBaseline[],
  { test, clusters, label, request, context }: RunEvaluation,
): Promise<EvaluatedRun> {
  const { scores, threshold, thresholdFrom, blend } = run;
  const { resamples = DEFAULT_RESAMPLES, prevalence } = request;
  const progress = context.report.task({ label: 'intervals', total: resamples, unit: 'steps' });
  try {
    const bootstrap = {
      clusters,
      resamples,
      signal: context.signal,
      onProgress: (done: number) => progress.update({ done }),
    };
    const bare = compareWithBaselines({ test, scores, threshold, thresholdFrom, label, blend }, baselines);
    const comparison: Comparison = await withIntervals(bare, test, bootstrap);
    const slices =
      baselines.length === 0
        ? []
        : await evaluateSlices({ records: test, scores, threshold }, standardSlices(test), {
            clusters,
            signal: context.signal,
          });
    const { cwe } = run;
    const named =
      cwe && (await evaluateCwe({ ...cwe, records: test }, { clusters, resamples, signal: context.signal }));
    return {
      run,
      comparison,
      slices,
      atPrevalence: moved(comparison, prevalence),
      ...(named === undefined ? {} : { cwe: named }),
    };
  } finally {
    progress.stop();
  }
}

function moved({ rows, bootstrap }: Comparison, prevalence: number | undefined) {
  const { recall, falsePositiveRate } = rows[0]!.result.metrics;
  if (prevalence === undefined || recall === undefined || falsePositiveRate === undefined) return undefined;
  return atPrevalence({ recall, falsePositiveRate }, prevalence, bootstrap?.modelReplicates);
}

async function readyBaselines(
  { run }: ScoringRun,
  train: readonly LabelledRecord[] | undefined,
  validation: readonly LabelledRecord[],
  test: readonly LabelledRecord[],
  { report, signal }: WorkflowContext,
): Promise<readonly ReadyBaseline[]> {
  if (train !== undefined) {
    let progress: RunningTask | undefined;
    const onBaseline = (label: string, done: number, total: number) => {
      progress ??= report.task({ label: 'baselines', total, unit: 'steps' });
      progress.update({ done, phase: label });
    };
    try {
      return await baselinesFor(run, { train, validation, test }, { onBaseline, signal });
    } finally {
      progress?.stop();
    }
  }
  report.warn(
    'no training file is known: only all-positive stands beside the model; give a training file (--train) for the others',
  );
  return fitBaselines({ train: test, baselines: [allPositive] });
}
