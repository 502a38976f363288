/**
 * @file Whether a training that PyTorch takes the steps of is to stop early. Metrics are computed here, from the scores of its
 * evaluations; what comes behind the evaluation that ends it is lost (adopt-evaluations.ts).
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import { evaluatedFiles, readEvaluatedScores } from '../../training/evaluated-states.ts';
import { judgeValidation } from '../train/judge-validation.ts';
import type { TrainingPlan } from '../train/setup.ts';
import type { EvaluatedBefore } from './hand-over.ts';

/** Whether so many evaluations of the folder, one after the other, are not better than the best before them. */
export async function isToStop(
  checkpoints: string,
  config: Pick<TrainingPlan['config'], 'early_stopping_patience' | 'metric_for_best_model'>,
  validRecords: readonly LabelledRecord[],
  before: EvaluatedBefore,
): Promise<boolean> {
  const patience = config.early_stopping_patience;
  if (patience === null) return false;
  let { best, withoutImprovement } = before;
  for (const { file } of evaluatedFiles(checkpoints)) {
    const scores = await readEvaluatedScores(file, validRecords.length);
    const { decisive } = judgeValidation(validRecords, scores, config.metric_for_best_model);
    const isBest = best === undefined || decisive > best;
    if (isBest) best = decisive;
    withoutImprovement = isBest ? 0 : withoutImprovement + 1;
    if (withoutImprovement >= patience) return true;
  }
  return false;
}
