/** @file `vultune train`: model, run folder, trainer, and what a finished training leaves. Also `--resume`. */
import { join, resolve } from 'node:path';
import { initialParameters } from '../../adapters/adapter-parameters.ts';
import { VultuneError } from '../../base/errors.ts';
import { pathFrom } from '../../base/moved-path.ts';
import { parseTrainConfig } from '../../config/load.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { readLabelledRecords } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { thresholdFor } from '../../evaluation/evaluate.ts';
import { rankScores } from '../../evaluation/metrics/ranked-scores.ts';
import { computeMetrics } from '../../evaluation/metrics/registry.ts';
import type { Network } from '../../network/network.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { currentEnvironment, type FileFingerprint, fingerprintFile } from '../../runs/environment.ts';
import { createRun, isFinished, openRunToWrite, type WritableRun } from '../../runs/run-folder.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import { saveState } from '../../training/checkpoints.ts';
import { Trainer, type TrainerHost } from '../../training/trainer.ts';
import { initialState, type TrainerState } from '../../training/trainer-state.ts';
import { openBaseModel } from '../../workflows/open/open-base-model.ts';
import { packageVersions } from '../../workflows/package-versions.ts';
import { withScoringProgress } from '../../workflows/scoring-progress.ts';
import type { ResumeRequest, TrainRequest } from '../commands/train.ts';
import type { CliContext } from '../context.ts';
import { formatDuration } from '../display/numbers.ts';
import { reporting, terminalReporter } from '../display/terminal-reporter.ts';
import { evaluationTable } from './evaluation-table.ts';
import { mistakeExplainer } from './explain-mistakes.ts';
import { type EvaluatedSplit, finishRun, type RunResult } from './finish-run.ts';
import { decisiveValue, metricNamed, snakeMetrics } from './metric-names.ts';
import { RecordScorer } from './record-scorer.ts';
import { reportInterrupted } from './report.ts';
import { findStart, requireFitting } from './resume-point.ts';
import { requireSameModel, runModel, withMovedModel } from './run-model.ts';
import { TrainingDisplay } from './training-display.ts';
import {
  adapterPlan,
  trainerOptions,
  trainingExamples,
  trainingNetwork,
  trainingTask,
} from './training-setup.ts';

/** Says what a finished training is worth. */
export type ShowResult = (result: RunResult, runDir: string, context: CliContext) => void;

/** Undefined when it was interrupted: the run folder holds a checkpoint. */
export async function trainStage(
  { config, inputs }: TrainRequest,
  context: CliContext,
  show: ShowResult = showTables,
): Promise<RunResult | undefined> {
  await requireDevice(config.device);
  const records = new Map(inputs.map((input) => [input.key, input.records]));
  const model = await openBaseModel(config.base_model, config.revision ?? undefined, reporting(context));
  try {
    const parameters = firstParameters(config, model);
    const data: Record<string, FileFingerprint> = {};
    for (const { key, path } of inputs) {
      const pathFromRun = pathFrom(config.output_dir, path);
      data[key] = { ...(await fingerprintFile(resolve(path))), pathFromRun };
    }
    const environment = currentEnvironment({
      versions: packageVersions(),
      device: config.device,
      ...(config.num_threads === null ? {} : { threads: config.num_threads }),
    });
    const run = createRun(config.output_dir, { config, environment, data, model: runModel(config, model) });
    try {
      return await trainInto({ run, config, model, records, context, show }, initialState(parameters));
    } finally {
      run.release();
    }
  } finally {
    await model.checkpoint.close();
  }
}

/**
 * Goes on from the last checkpoint; from the start where none was ever written, or where that is asked for.
 * @throws VultuneError `RUN_CHECKPOINT_MISSING`, `RUN_CHECKPOINT_BROKEN`, `RUN_CHECKPOINT_OTHER`.
 */
export async function resumeStage(
  { run: dir, startOver = false }: ResumeRequest,
  context: CliContext,
): Promise<RunResult | undefined> {
  const run = openRunToWrite(dir);
  try {
    if (isFinished(run)) {
      context.stderr.write(`the run in ${dir} is finished; its figures are in ${run.paths.metrics}\n`);
      return undefined;
    }
    const config = withMovedModel(parseTrainConfig(run.record.config, run.paths.record), run);
    await requireDevice(config.device);
    const records = await readRecordsAgain(run);
    const model = await openBaseModel(config.base_model, config.revision ?? undefined, reporting(context));
    try {
      requireSameModel(run, model);
      const parameters = firstParameters(config, model);
      const start = await findStart(run, parameters, startOver, context.stderr);
      run.events.append({
        type: 'resumed',
        step: start.state.step,
        checkpoint: start.checkpoint,
        pid: process.pid,
      });
      return await trainInto({ run, config, model, records, context, show: showTables }, start.state);
    } finally {
      await model.checkpoint.close();
    }
  } finally {
    run.release();
  }
}

const firstParameters = (config: TrainConfig, model: OpenModel) =>
  initialParameters(adapterPlan(config, model), trainingTask(config, model).head, config.seed);

type RecordsByKey = ReadonlyMap<string, readonly LabelledRecord[]>;

/** Throws RUN_DATA_CHANGED when a file is not what the run was started with. */
async function readRecordsAgain(run: WritableRun): Promise<RecordsByKey> {
  const records = new Map<string, readonly LabelledRecord[]>();
  for (const [key, { path, sha256 }] of Object.entries(run.record.data)) {
    if ((await fingerprintFile(path)).sha256 !== sha256) {
      throw new VultuneError('RUN_DATA_CHANGED', `${key} is not the file that the run was started with`, {
        where: { file: path, name: key },
        hint: 'A resumed run must read what it read before: put the file back, or start a new run.',
      });
    }
    records.set(key, await readLabelledRecords(path));
  }
  return records;
}

interface TrainingJob {
  readonly run: WritableRun;
  readonly config: TrainConfig;
  readonly model: OpenModel;
  readonly records: RecordsByKey;
  readonly context: CliContext;
  readonly show: ShowResult;
}

async function trainInto(job: TrainingJob, state: TrainerState): Promise<RunResult | undefined> {
  const { run, config, model, records, context } = job;
  const { stderr, signal } = context;
  const backend = await ortBackend({
    device: config.device,
    ...(config.num_threads === null ? {} : { threads: config.num_threads }),
  });
  const { network, features } = trainingNetwork(config, model, backend, state.parameters);
  const task = trainingTask(config, model);
  const functions = trainingExamples(config, model, task, records.get('train_file')!);
  const validRecords = records.get('valid_file')!;
  const scorer = new RecordScorer({ config, model, network, judgement: task, features, signal });
  const metric = metricNamed(config.metric_for_best_model);
  let display: TrainingDisplay | undefined;
  const host: TrainerHost = {
    signal,
    emit: (event) => {
      run.events.append(event);
      display?.show(event);
    },
    save: (current) => saveState(run.paths.checkpoints, current),
    validate: async () => {
      const scores = await scorer.scores(validRecords, (done, total) => display?.evaluating(done, total));
      const ranked = rankScores(
        validRecords.map(({ target }) => target),
        scores,
      );
      const { values } = computeMetrics(ranked, thresholdFor({ records: validRecords, scores }));
      return {
        scores,
        metrics: snakeMetrics(values),
        decisive: decisiveValue(values, metric),
        functions: validRecords.length,
      };
    },
  };
  const options = trainerOptions(config);
  const trainer = new Trainer({ network, features, task, functions, options, host }, state);
  requireFitting(run, state, {
    totalSteps: trainer.totalSteps,
    epochs: options.epochs,
    validFunctions: validRecords.length,
  });
  if (state.step === 0) {
    const { totalSteps } = trainer;
    run.events.append({
      type: 'run_started',
      pid: process.pid,
      totalSteps,
      trainFunctions: functions.length,
    });
  }
  stderr.write(describeStart(job, functions.length, network));
  display = new TrainingDisplay(stderr, {
    totalSteps: trainer.totalSteps,
    step: state.step,
    epochs: config.num_train_epochs,
    evaluateEvery: options.evaluateEvery,
    metric: config.metric_for_best_model,
  });
  const end = await trainer.run();
  const splits = end === 'interrupted' ? undefined : await evaluateSplits(state, scorer, job, display);
  await network.release();
  if (splits === undefined) {
    display.stop(`stopped at step ${state.step} of ${trainer.totalSteps}`);
    return await stopped(job);
  }
  const parameters = state.best?.parameters ?? state.parameters;
  stderr.write('fitting the baselines\n');
  try {
    const result = await finishRun({
      run,
      config,
      model,
      parameters,
      train: records.get('train_file')!,
      splits,
      explain: mistakeExplainer({ model, adapter: run.paths.adapter, backend }, context),
      signal,
    });
    job.show(result, run.dir, context);
    return result;
  } catch (error) {
    if (!signal.aborted) throw error;
    return await stopped(job);
  }
}

/** What a person is told who stopped it. */
async function stopped({ run, context: { stderr } }: TrainingJob): Promise<undefined> {
  await reportInterrupted(run, stderr);
  stderr.write(`go on with:\n  vultune train --resume ${run.dir}\n`);
  return undefined;
}

function showTables({ comparisons }: RunResult, runDir: string, { stdout }: CliContext): void {
  for (const [name, comparison] of comparisons) {
    stdout.write(`\n${stdout.colors.heading(name === 'test' ? 'Test' : 'Validation')}: `);
    stdout.write(evaluationTable(comparison, stdout));
  }
  stdout.write(`\nrun folder: ${runDir}\nreport:     ${join(runDir, 'report.html')}\n`);
}

/**
 * Scores of the best checkpoint, on validation and, where there is one, the test file. Undefined when interrupted: the
 * last checkpoint is that of the finished training, so that nothing is lost.
 */
async function evaluateSplits(
  state: TrainerState,
  scorer: RecordScorer,
  { records, context }: TrainingJob,
  display: TrainingDisplay,
): Promise<EvaluatedSplit[] | undefined> {
  display.stop(`trained ${state.step} steps in ${formatDuration(state.elapsedMs)}`);
  const { best } = state;
  if (best !== undefined) {
    // The network reads the parameters' own memory.
    for (const [key, { data }] of state.parameters) data.set(best.parameters.get(key)!.data);
  }
  const score = (what: string, split: readonly LabelledRecord[]) =>
    withScoringProgress(what, split.length, terminalReporter(context.stderr), (onProgress) =>
      scorer.scores(split, onProgress),
    );
  try {
    const validRecords = records.get('valid_file')!;
    const testRecords = records.get('test_file');
    const valid = best?.validScores ?? (await score('validation', validRecords));
    const splits: EvaluatedSplit[] = [{ name: 'valid', records: validRecords, scores: valid }];
    if (testRecords !== undefined) {
      splits.push({ name: 'test', records: testRecords, scores: await score('test', testRecords) });
    }
    return splits;
  } catch (error) {
    if (context.signal.aborted) return undefined;
    throw error;
  }
}

function describeStart({ config, model }: TrainingJob, functions: number, network: Network): string {
  const layerCount = model.spec.layers.length;
  const frozen = network.frozenLayerCount;
  const layers =
    frozen === 0 ? `all ${layerCount} layers` : `the last ${layerCount - frozen} of ${layerCount} layers`;
  const cached = frozen > 0 && config.feature_cache ? '; the layers below are computed once and kept' : '';
  return `${config.base_model}: LoRA on ${layers}${cached}; ${functions} functions to train on\n`;
}
