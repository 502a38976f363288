/** @file `vultune evaluate`: one detector or several on labelled functions, beside their baselines. */
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readLabelledRecords, requireBothClasses } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { allPositive } from '../../evaluation/baselines/all-positive.ts';
import {
  type Comparison,
  compareWithBaselines,
  fitBaselines,
  type ReadyBaseline,
  withIntervals,
} from '../../evaluation/compare-baselines.ts';
import { type Clusters, clusterRecords } from '../../evaluation/resampling/clusters.ts';
import { evaluateSlices } from '../../evaluation/slices/evaluate-slices.ts';
import { standardSlices } from '../../evaluation/slices/standard-slices.ts';
import type { RunningTask } from '../../workflows/context.ts';
import type { EvaluateRequest } from '../commands/evaluate.ts';
import type { CliContext } from '../context.ts';
import { startProgress } from '../display/progress.ts';
import { ensembleOf } from './ensemble.ts';
import {
  checkContamination,
  contaminationError,
  isValidationOf,
  readOptional,
  runFiles,
} from './evaluation-inputs.ts';
import { type EvaluatedRun, evaluationJson, evaluationText } from './evaluation-output.ts';
import { baselinesFor } from './kept-baselines.ts';
import { type PreparedRun, prepareRun } from './prepare-run.ts';
import { ScoringRun } from './score-run.ts';

export async function evaluateStage(request: EvaluateRequest, context: CliContext): Promise<void> {
  const { stdout } = context;
  requireDistinct(request.runs);
  const file = await readLabelledRecords(request.data);
  const runs = request.runs.map((run) => new ScoringRun({ ...request, run }, context));
  const contamination = await checkContamination(file, runs, context);
  const { found } = contamination;
  if (contamination.rows.size > 0 && !request.allowContamination && !request.dropContaminated) {
    throw contaminationError(file, found!, request.data);
  }
  const isKept = (row: number) => !request.dropContaminated || !contamination.rows.has(row);
  const test = file.filter((_, row) => isKept(row));
  if (test.length === 0) {
    throw new VultuneError('EVALUATION_CONTAMINATED', 'every test function was trained on', {
      where: { file: request.data },
      hint: 'Give functions that the model has not seen.',
    });
  }
  const data = { path: request.data, file, isKept };
  const own = runFiles(runs[0]!);
  const train = await readOptional(request.train ?? own.train, request.train !== undefined);
  if (train !== undefined) requireBothClasses(train, request.train ?? own.train!);
  // The baselines choose their settings on validation as the model did.
  const validPath = request.valid ?? own.valid;
  const validRecords = await readOptional(validPath, request.valid !== undefined);
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
  const output = {
    request,
    test,
    evaluated,
    ensemble,
    contamination,
    dropped: file.length - test.length,
    isValidation: await isValidationOf(request.data, runs),
  };
  if (request.json) stdout.write(`${JSON.stringify(evaluationJson(output), null, 2)}\n`);
  else stdout.write(evaluationText(output, stdout));
}

/** The same run twice would make its spread look small. Throws EVALUATION_SAME_RUN. */
function requireDistinct(runs: readonly string[]): void {
  const seen = new Set<string>();
  for (const run of runs) {
    const path = existsSync(run) ? realpathSync(run) : resolve(run);
    if (seen.has(path)) {
      throw new VultuneError(
        'EVALUATION_SAME_RUN',
        `${run} is given twice: mean and spread are of different runs`,
        {
          where: { file: run },
          hint: 'Give each run once.',
        },
      );
    }
    seen.add(path);
  }
}

interface RunEvaluation {
  readonly test: readonly LabelledRecord[];
  readonly clusters: Clusters;
  readonly label: string;
  readonly request: EvaluateRequest;
  readonly context: CliContext;
}

async function evaluateRun(
  run: PreparedRun,
  baselines: readonly ReadyBaseline[],
  { test, clusters, label, request, context }: RunEvaluation,
): Promise<EvaluatedRun> {
  const { scores, threshold, thresholdFrom } = run;
  const progress = startProgress(
    { label: 'intervals', total: request.resamples, unit: 'steps' },
    context.stderr,
  );
  try {
    const bootstrap = {
      clusters,
      resamples: request.resamples,
      signal: context.signal,
      onProgress: (done: number) => progress.update({ done }),
    };
    const bare = compareWithBaselines({ test, scores, threshold, thresholdFrom, label }, baselines);
    const comparison: Comparison = await withIntervals(bare, test, bootstrap);
    const slices =
      baselines.length === 0
        ? []
        : await evaluateSlices({ records: test, scores, threshold }, standardSlices(test), {
            clusters,
            signal: context.signal,
          });
    return { run, comparison, slices };
  } finally {
    progress.stop();
  }
}

async function readyBaselines(
  { run }: ScoringRun,
  train: readonly LabelledRecord[] | undefined,
  validation: readonly LabelledRecord[],
  test: readonly LabelledRecord[],
  { stderr, signal }: CliContext,
): Promise<readonly ReadyBaseline[]> {
  if (train !== undefined) {
    let progress: RunningTask | undefined;
    const onBaseline = (label: string, done: number, total: number) => {
      progress ??= startProgress({ label: 'baselines', total, unit: 'steps' }, stderr);
      progress.update({ done, phase: label });
    };
    try {
      return await baselinesFor(run, { train, validation, test }, { onBaseline, signal });
    } finally {
      progress?.stop();
    }
  }
  stderr.write(
    `${stderr.colors.warning('no training file is known: only all-positive stands beside the model; give --train FILE for the others')}\n`,
  );
  return fitBaselines({ train: test, baselines: [allPositive] });
}
