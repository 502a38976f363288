/** @file Trains into a run folder: network, trainer, scores of the best checkpoint, and what a finished run leaves. */
import { formatDuration } from '../../base/numbers.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { judgedRows } from '../../evaluation/cwe/evaluate-cwe.ts';
import type { Network } from '../../network/network.ts';
import type { WritableRun } from '../../runs/run-folder.ts';
import { requireChoice } from '../../training/active-sampling.ts';
import { saveState } from '../../training/checkpoints.ts';
import { Trainer, type TrainerHost } from '../../training/trainer.ts';
import type { TrainerState } from '../../training/trainer-state.ts';
import type { WorkflowContext } from '../context.ts';
import { reportInterrupted } from '../report/run-page.ts';
import { withScoringProgress } from '../scoring-progress.ts';
import { augmentText } from './augment.ts';
import { reportCwe } from './cwe-text.ts';
import { evaluatesOnStart } from './evaluates-on-start.ts';
import { trainingExamples } from './examples.ts';
import { mistakeExplainer } from './explain-mistakes.ts';
import { finishRun, type RunResult } from './finish-run.ts';
import { completeFirstState } from './first-state.ts';
import { initWords } from './init-adapter.ts';
import { reportJoined } from './joined-text.ts';
import type { EvaluatedSplit } from './judge-splits.ts';
import { judgeValidation } from './judge-validation.ts';
import { TrainingProgress } from './progress.ts';
import { RecordScorer } from './record-scorer.ts';
import { requireFitting } from './resume-point.ts';
import { scoreExamples } from './score-examples.ts';
import type { TrainingPlan } from './setup.ts';
import { trainingNetwork } from './training-network.ts';
import { reportTruncation } from './truncation-text.ts';

/**
 * `finished`: `threshold` and `comparisons` say how well the model does. `interrupted`: the signal stopped it, and the run
 * folder holds a checkpoint that `resumeTraining` continues from. `finished before`: there was nothing to resume.
 */
export type TrainResult =
  | ({ readonly status: 'finished'; readonly run: string } & RunResult)
  | { readonly status: 'interrupted' | 'finished before'; readonly run: string };

/** The functions of a run by configuration key: `train_file`, `valid_file`, `test_file`. */
export type RecordsByKey = ReadonlyMap<string, readonly LabelledRecord[]>;

export interface TrainingJob {
  readonly run: WritableRun;
  readonly plan: TrainingPlan;
  readonly records: RecordsByKey;
  readonly context: WorkflowContext;
  /** Another engine scored the best checkpoint: its validation scores are made again. Default: false. */
  readonly scoresBestAgain?: boolean;
}

/** Trains from `state` to the end, or until the signal stops it. */
export async function trainInto(job: TrainingJob, state: TrainerState): Promise<TrainResult> {
  const { run, plan, records, context } = job;
  const { config, model, task, trainer: options } = plan;
  const { report, signal } = context;
  const read = await untilStopped(signal, () => trainingExamples(plan, records.get('train_file')!, context));
  if (read === undefined) return await stopped(job);
  const { examples: functions, truncation, augmented } = read;
  const { network, features, backend } = await trainingNetwork(plan, state.parameters);
  const validRecords = records.get('valid_file')!;
  const scorer = new RecordScorer({ plan, network, features, signal });
  let progress: TrainingProgress | undefined;
  const scoring = { plan, network, features, examples: functions };
  const host: TrainerHost = {
    signal,
    emit: (event) => {
      run.events.append(event);
      progress?.show(event);
    },
    save: (current) => saveState(run.paths.checkpoints, current),
    validate: async () => {
      const scores = await scorer.scores(validRecords, (done, total) => progress?.evaluating(done, total));
      return judgeValidation(validRecords, scores, config.metric_for_best_model);
    },
    scores: async (indices) =>
      await scoreExamples({ ...scoring, signal }, indices, (done) =>
        progress?.choosing(done, indices.length),
      ),
  };
  if (state.step === 0) {
    const parts = { ...scoring, scorer, validRecords };
    try {
      await completeFirstState(parts, state, context);
    } catch (error) {
      await network.release();
      if (!signal.aborted) throw error;
      return await stopped(job);
    }
  }
  const trainer = new Trainer({ network, features, task, functions, options, host }, state);
  // A run that has started is resumed even where no choice is left.
  if (state.step === 0) requireChoice(options.activeSampling, trainer.totalSteps);
  requireFitting(run, state, {
    totalSteps: trainer.totalSteps,
    epochs: options.epochs,
    validFunctions: validRecords.length,
    trainFunctions: functions.length,
    isUnrelated: (index) => functions[index]?.unrelated === true,
  });
  // A probe that no step betters is what the run keeps. Not again after a kill behind this very evaluation.
  if (state.step === 0 && state.best === undefined && evaluatesOnStart(config)) state.evaluationDue = true;
  if (state.step === 0) {
    const { totalSteps } = trainer;
    run.events.append({
      type: 'run_started',
      pid: process.pid,
      totalSteps,
      trainFunctions: functions.length,
    });
  }
  const cut = [
    truncation,
    ...['valid_file', 'test_file'].flatMap((key) => {
      const part = records.get(key);
      return part === undefined ? [] : [scorer.truncation(key, part)];
    }),
  ];
  reportTruncation(cut, config.max_length, report);
  reportCwe(plan.cwe, report);
  if (augmented !== undefined) report.note(augmentText(augmented));
  reportJoined(config, network.frozenLayerCount, report);
  const init = initWords(config);
  if (init !== undefined && state.step === 0) report.note(init);
  report.note(describeStart(job, functions.length, network));
  progress = new TrainingProgress(report, {
    totalSteps: trainer.totalSteps,
    step: state.step,
    epochs: config.num_train_epochs,
    evaluateEvery: options.evaluateEvery,
    metric: config.metric_for_best_model,
  });
  const end = await trainer.run();
  const splits = end === 'interrupted' ? undefined : await evaluateSplits(state, scorer, job, progress);
  await network.release();
  if (splits === undefined) {
    progress.stop(`stopped at step ${state.step} of ${trainer.totalSteps}`);
    return await stopped(job);
  }
  const parameters = state.best?.parameters ?? state.parameters;
  report.note('fitting the baselines');
  try {
    const result = await finishRun({
      run,
      plan,
      parameters,
      totalSteps: trainer.totalSteps,
      train: records.get('train_file')!,
      splits,
      cut,
      augmented,
      explain: mistakeExplainer({ model, adapter: run.paths.adapter, backend }, context),
      signal,
    });
    return { status: 'finished', run: run.dir, ...result };
  } catch (error) {
    if (!signal.aborted) throw error;
    return await stopped(job);
  }
}

/** Undefined where the signal stopped it. */
async function untilStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    return undefined;
  }
}

async function stopped({ run, context: { report } }: TrainingJob): Promise<TrainResult> {
  await reportInterrupted(run, report);
  return { status: 'interrupted', run: run.dir };
}

/**
 * Scores of the best checkpoint, on validation and, where there is one, the test file. Undefined when interrupted: the
 * last checkpoint is that of the finished training, so that nothing is lost.
 */
async function evaluateSplits(
  state: TrainerState,
  scorer: RecordScorer,
  { plan, records, context, scoresBestAgain = false }: TrainingJob,
  progress: TrainingProgress,
): Promise<EvaluatedSplit[] | undefined> {
  progress.stop(`trained ${state.step} steps in ${formatDuration(state.elapsedMs)}`);
  const { best } = state;
  if (best !== undefined) {
    // The network reads the parameters' own memory.
    for (const [key, { data }] of state.parameters) data.set(best.parameters.get(key)!.data);
  }
  const score = (what: string, split: readonly LabelledRecord[]) =>
    withScoringProgress(what, split.length, context.report, (onProgress) => scorer.scores(split, onProgress));
  try {
    const validRecords = records.get('valid_file')!;
    const testRecords = records.get('test_file');
    const known = scoresBestAgain ? undefined : best?.validScores;
    const valid = known ?? (await score('validation', validRecords));
    const splits: EvaluatedSplit[] = [{ name: 'valid', records: validRecords, scores: valid }];
    if (testRecords !== undefined) {
      splits.push({ name: 'test', records: testRecords, scores: await score('test', testRecords) });
    }
    const { classes } = plan.cwe;
    if (classes === undefined) return splits;
    const named: EvaluatedSplit[] = [];
    for (const split of splits) {
      const functions = judgedRows({ classes, records: split.records }).length;
      const cwes = await withScoringProgress(`${split.name} CWEs`, functions, context.report, (onProgress) =>
        scorer.cwes(split.records, classes, onProgress),
      );
      named.push({ ...split, cwes });
    }
    return named;
  } catch (error) {
    if (context.signal.aborted) return undefined;
    throw error;
  }
}

function describeStart(
  { plan: { config, model } }: TrainingJob,
  functions: number,
  network: Network,
): string {
  const layerCount = model.spec.layers.length;
  const frozen = network.frozenLayerCount;
  const layers =
    frozen > 0
      ? `the last ${layerCount - frozen} of ${layerCount} layers`
      : layerCount === 1
        ? 'its one layer'
        : `all ${layerCount} layers`;
  const isKept = frozen > 0 && config.feature_cache && config.packing !== 'joined';
  const cached = isKept ? '; the layers below are computed once and kept' : '';
  return `${config.base_model}: ${trainedInWords(config, layers)}${cached}; ${functions} functions to train on`;
}

function trainedInWords({ finetuning_type, use_dora }: TrainingPlan['config'], layers: string): string {
  switch (finetuning_type) {
    case 'lora':
      return `${use_dora ? 'DoRA' : 'LoRA'} on ${layers}`;
    case 'adalora':
      return `AdaLoRA on ${layers}`;
    case 'full':
      return 'every weight is trained';
    case 'head':
      return 'the head alone is trained';
  }
}
