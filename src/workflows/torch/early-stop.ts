/**
 * @file Whether a training that PyTorch takes the steps of is to stop early. Metrics are computed here, from the scores of its
 * evaluations; what comes behind the evaluation that ends it is lost (adopt-evaluations.ts).
 */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { RunEvent } from '../../runs/events.ts';
import { type EvaluatedSoFar, isPatienceUsedUp, withEvaluation } from '../../training/early-stopping.ts';
import { evaluatedFiles, readEvaluatedScores } from '../../training/evaluated-states.ts';
import { judgeValidation } from '../train/judge-validation.ts';
import type { TrainingPlan } from '../train/setup.ts';

export interface EarlyStopParts {
  readonly plan: Pick<TrainingPlan, 'config' | 'trainer'>;
  /** The folder that evaluations are written to. */
  readonly checkpoints: string;
  readonly validRecords: readonly LabelledRecord[];
  /** What was evaluated before the first evaluation of the folder. */
  readonly before: EvaluatedSoFar;
}

/** Follows a run's events. Each evaluation is read and judged once, unless the processes start again. */
export class EarlyStop {
  readonly #parts: EarlyStopParts;
  #soFar: EvaluatedSoFar;
  /** Of the last evaluation that was judged. */
  #judgedStep = -1;

  constructor(parts: EarlyStopParts) {
    this.#parts = parts;
    this.#soFar = parts.before;
  }

  /**
   * Whether the training is to stop, now that this event was logged. One call ends before the next.
   * @throws VultuneError `RUN_CHECKPOINT_OTHER`
   */
  async follow(event: RunEvent): Promise<boolean> {
    if (event.type === 'resumed') this.#startAgain();
    // One is written behind every evaluation.
    if (event.type === 'checkpoint') await this.#judgeUpTo(event.step);
    return this.#isPatienceUsedUp();
  }

  /** A launcher may start its processes again, from a checkpoint before the last one: evaluations behind it are made again. */
  #startAgain(): void {
    this.#soFar = this.#parts.before;
    this.#judgedStep = -1;
  }

  /** Evaluations behind the checkpoint's step are left from a process that was killed, and are made again. */
  async #judgeUpTo(checkpointStep: number): Promise<void> {
    const { plan, checkpoints, validRecords } = this.#parts;
    if (plan.trainer.earlyStoppingPatience === undefined) return;
    for (const { step, file } of evaluatedFiles(checkpoints)) {
      if (step <= this.#judgedStep || step > checkpointStep) continue;
      if (this.#isPatienceUsedUp()) return;
      const scores = await readEvaluatedScores(file, validRecords.length);
      const { decisive } = judgeValidation(validRecords, scores, plan.config.metric_for_best_model);
      this.#soFar = withEvaluation(this.#soFar, decisive);
      this.#judgedStep = step;
    }
  }

  #isPatienceUsedUp(): boolean {
    return isPatienceUsedUp(this.#parts.plan.trainer.earlyStoppingPatience, this.#soFar);
  }
}
