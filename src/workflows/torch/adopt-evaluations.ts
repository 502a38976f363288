/**
 * @file Evaluations that PyTorch made of a run become its own: their metrics are logged, and the best is the run's best. Where
 * training is to stop early, steps behind the evaluation that ends it are lost: what is kept does not depend on when they stopped.
 */
import { basename } from 'node:path';
import type { LabelledRecord } from '../../dataset/record.ts';
import { runEvents, type WritableRun } from '../../runs/run-folder.ts';
import { saveState } from '../../training/checkpoints.ts';
import { isPatienceUsedUp, withEvaluation } from '../../training/early-stopping.ts';
import { type EvaluatedFile, evaluatedFiles, readEvaluated } from '../../training/evaluated-states.ts';
import { evaluatedSoFar, type TrainerState } from '../../training/trainer-state.ts';
import { judgeValidation } from '../train/judge-validation.ts';
import type { TrainingPlan } from '../train/setup.ts';

/**
 * Sets the best of the state, and the step of an early stop, and makes it the own engine's; returns whether the best is one of them.
 * @throws VultuneError `RUN_CHECKPOINT_OTHER`
 */
export async function adoptEvaluations(
  run: WritableRun,
  { config, trainer }: Pick<TrainingPlan, 'config' | 'trainer'>,
  validRecords: readonly LabelledRecord[],
  state: TrainerState,
): Promise<boolean> {
  // What was evaluated behind the checkpoint that the run goes on from is done again.
  const files = evaluatedFiles(run.paths.checkpoints).filter(({ step }) => step <= state.step);
  // Without a plan, the own engine has gone on since they were adopted.
  for (const file of state.plan === undefined ? [] : files) {
    const started = performance.now();
    const { step, parameters, validScores } = await readEvaluated(
      file,
      state.parameters,
      validRecords.length,
    );
    const { metrics, decisive, functions } = judgeValidation(
      validRecords,
      validScores,
      config.metric_for_best_model,
    );
    const { isBest, withoutImprovement } = withEvaluation(evaluatedSoFar(state), decisive);
    if (isBest) state.best = { step, metric: decisive, parameters, validScores };
    state.evaluationsWithoutImprovement = withoutImprovement;
    run.events.append({
      type: 'evaluation',
      step,
      epoch: epochOf(run, step) ?? trainer.epochs,
      split: 'valid',
      functions,
      metrics,
      isBest,
      durationMs: performance.now() - started,
    });
    if (isPatienceUsedUp(trainer.earlyStoppingPatience, evaluatedSoFar(state))) {
      returnTo(run, state, file);
      break;
    }
  }
  const isBestOfThem = files.some(({ step }) => step === state.best?.step);
  if (state.plan !== undefined) {
    state.plan = undefined;
    // Now: a stop before the next checkpoint would have them logged and counted twice.
    await saveState(run.paths.checkpoints, state);
  }
  return isBestOfThem;
}

/** The parameters stay those of a later step: the best ones are kept of a training that stops early. */
function returnTo(run: WritableRun, state: TrainerState, { step, file }: EvaluatedFile): void {
  if (step < state.step) {
    const checkpoint = `checkpoints/${basename(file)}`;
    run.events.append({ type: 'resumed', step, checkpoint, pid: process.pid });
  }
  state.step = step;
}

/** The epoch in which a step was logged; undefined for one that was not. */
function epochOf(run: WritableRun, step: number): number | undefined {
  if (step === 0) return 0;
  const logged = runEvents(run).findLast((event) => event.type === 'step' && event.step === step);
  return logged?.type === 'step' ? logged.epoch : undefined;
}
