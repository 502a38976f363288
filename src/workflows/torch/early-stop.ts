/**
 * @file Whether a training that PyTorch takes the steps of is to stop early. Metrics are computed here, from the scores of its
 * evaluations; what comes behind the evaluation that ends it is lost (adopt-evaluations.ts).
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import { type EvaluatedSoFar, hasStopped, withEvaluation } from '../../training/early-stopping.ts';
import { evaluatedFiles, readEvaluatedScores } from '../../training/evaluated-states.ts';
import { judgeValidation } from '../train/judge-validation.ts';
import type { TrainingPlan } from '../train/setup.ts';

/**
 * Whether so many evaluations of the folder, one after the other, are not better than the best before them. Those behind the
 * checkpoint's step are left from a process that was killed, and are made again.
 */
export async function isToStop(
  checkpoints: string,
  { config, trainer }: Pick<TrainingPlan, 'config' | 'trainer'>,
  validRecords: readonly LabelledRecord[],
  { before, step }: { readonly before: EvaluatedSoFar; readonly step: number },
): Promise<boolean> {
  const { earlyStoppingPatience: patience } = trainer;
  if (patience === undefined) return false;
  let soFar = before;
  for (const { file } of evaluatedFiles(checkpoints).filter((one) => one.step <= step)) {
    const scores = await readEvaluatedScores(file, validRecords.length);
    const { decisive } = judgeValidation(validRecords, scores, config.metric_for_best_model);
    soFar = withEvaluation(soFar, decisive);
    if (hasStopped(patience, soFar)) return true;
  }
  return false;
}
