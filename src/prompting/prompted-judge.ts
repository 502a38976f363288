/** @file A model behind a prompt as a judge: scan, prediction and evaluation ask it as they ask a fine-tuned one. */
import { VultuneError } from '../base/errors.ts';
import type { OccludableJudge } from '../explain/line-scores.ts';
import type { Judge, Judgements, JudgeOptions } from '../judging/judge.ts';
import type { Prompter, PromptReading } from './prompt-answer.ts';

export interface PromptedJudgements extends Judgements {
  /** [functions] the scores: a prompted model has no calibration. */
  readonly rawScores: Float64Array;
}

/** Odds of a score that float32 rounds to 0 or 1 are still finite. */
const LEAST_PROBABILITY = 1e-12;

export class PromptedJudge implements Judge {
  readonly threshold: number;
  readonly #prompter: Prompter;

  constructor(prompter: Prompter, threshold: number) {
    this.threshold = threshold;
    this.#prompter = prompter;
  }

  async judge(codes: readonly string[], options: JudgeOptions = {}): Promise<PromptedJudgements> {
    const answers = await this.#prompter.ask(codes, options);
    const scores = Float64Array.from(answers, ({ score }) => score);
    return { scores, rawScores: scores, truncated: answers.map(({ truncated }) => truncated) };
  }

  /**
   * The same for finding lines by taking each one out.
   * @throws VultuneError LINES_PROMPTED where the answers are no odds of a model that runs here
   */
  occludable(): OccludableJudge & Pick<PromptReading, 'maxLength'> {
    const { reading } = this.#prompter;
    if (reading === undefined) {
      throw new VultuneError(
        'LINES_PROMPTED',
        'the answers of this run are texts, or come from an endpoint: no line is found by how far it moves them',
        { hint: 'Ask a model on this machine for odds: vultune prompt MODEL --answer odds.' },
      );
    }
    return {
      judge: async (codes, options) => {
        const judged = await this.judge(codes, options);
        return { ...judged, logOdds: judged.scores.map(logOdds) };
      },
      tokenLines: (code) => reading.linesRead(code),
      maxLength: reading.maxLength,
    };
  }

  async close(): Promise<void> {
    await this.#prompter.close();
  }
}

function logOdds(score: number): number {
  const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, score));
  return Math.log(p / (1 - p));
}
