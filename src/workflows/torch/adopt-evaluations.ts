/** @file Evaluations that PyTorch made of a run become its own: their metrics are logged, and the best is the run's best. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { runEvents, type WritableRun } from '../../runs/run-folder.ts';
import { evaluatedFiles, readEvaluated } from '../../training/evaluated-states.ts';
import type { TrainerState } from '../../training/trainer-state.ts';
import { judgeValidation } from '../train/judge-validation.ts';
import type { TrainingPlan } from '../train/setup.ts';

/**
 * Sets the best of the state; returns whether there was anything to adopt.
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
  for (const file of files) {
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
    const isBest = state.best === undefined || decisive > state.best.metric;
    if (isBest) state.best = { step, metric: decisive, parameters, validScores };
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
  }
  return files.length > 0;
}

/** Of a step that is logged. */
function epochOf(run: WritableRun, step: number): number | undefined {
  if (step === 0) return 0;
  const logged = runEvents(run).findLast((event) => event.type === 'step' && event.step === step);
  return logged?.type === 'step' ? logged.epoch : undefined;
}
