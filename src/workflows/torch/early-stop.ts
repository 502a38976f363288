/**
 * @file Whether a training that PyTorch takes the steps of is to stop early. Metrics are computed here, from the scores of its
 * evaluations; what comes behind the evaluation that ends it is lost (adopt-evaluations.ts).
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import { evaluatedFiles, readEvaluatedScores } from '../../training/evaluated-states.ts';
import { judgeValidation } from '../train/judge-validation.ts';
import type { TrainingPlan } from '../train/setup.ts';
import type { EvaluatedBefore } from './hand-over.ts';

/** Whether so many evaluations in a row without improvement end the training. */
export const hasStopped = (
  { early_stopping_patience: patience }: Pick<TrainingPlan['config'], 'early_stopping_patience'>,
  withoutImprovement: number,
): boolean => patience !== null && withoutImprovement >= patience;

/**
 * Whether so many evaluations of the folder, one after the other, are not better than the best before them. Those behind the
 * checkpoint's step are left from a process that was killed, and are made again.
 */
export async function isToStop(
  checkpoints: string,
  config: Pick<TrainingPlan['config'], 'early_stopping_patience' | 'metric_for_best_model'>,
  validRecords: readonly LabelledRecord[],
  { before, step }: { readonly before: EvaluatedBefore; readonly step: number },
): Promise<boolean> {
  if (config.early_stopping_patience === null) return false;
  let { best, withoutImprovement } = before;
  for (const { file } of evaluatedFiles(checkpoints).filter((one) => one.step <= step)) {
    const scores = await readEvaluatedScores(file, validRecords.length);
    const { decisive } = judgeValidation(validRecords, scores, config.metric_for_best_model);
    const isBest = best === undefined || decisive > best;
    if (isBest) best = decisive;
    withoutImprovement = isBest ? 0 : withoutImprovement + 1;
    if (hasStopped(config, withoutImprovement)) return true;
  }
  return false;
}
